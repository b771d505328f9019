"""The conversation: load a model, then for each task be prepared, then answer shard after shard."""

import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import IO, Any

from landbridge_evaluation.child.answers import Context, answer
from landbridge_evaluation.child.items import decode
from landbridge_evaluation.child.loading import Loaded, adapt, load
from landbridge_evaluation.errors import LoadFault, PluginFault
from landbridge_plugins import TaskSpec

STACK = 1500  # characters of a traceback that the lab gets to read


class Server:
    def __init__(self, questions: IO[bytes], out: IO[bytes]) -> None:
        self.questions, self.out = questions, out
        self.loaded: Loaded | None = None
        self.context: Context | None = None

    def run(self) -> int:
        """Until the supervisor closes the pipe. A fault is reported in a frame, and ends the process."""
        stage = LoadFault.code
        try:
            for line in self.questions:
                frame = json.loads(line)
                self.handle(frame)
                stage = PluginFault.code
        except MemoryError as error:
            self.send({"k": "f", "code": "memory", "text": account(error)})
        except PluginFault as fault:
            self.send({"k": "f", "code": fault.kind, "text": str(fault)})
        except BaseException as error:  # noqa: BLE001 a plugin may raise anything, SystemExit too
            self.send({"k": "f", "code": stage, "text": account(error)})
        else:
            return 0
        self.out.flush()
        return 1

    def handle(self, frame: Mapping[str, Any]) -> None:
        match frame["k"]:
            case "job":
                self.loaded = load(frame)
                self.send({"k": "r", "v": self.loaded.facts})
            case "task":
                self.prepare(frame)
                self.send({"k": "r"})
            case "shard":
                self.shard(frame["n"], frame["items"])
        self.out.flush()

    def prepare(self, frame: Mapping[str, Any]) -> None:
        loaded = self.loaded
        assert loaded is not None  # noqa: S101 the supervisor loads first
        task, model = TaskSpec.from_json(frame["task"]), loaded.model
        if frame["train"] is not None:
            model = adapt(loaded, task, [(decode(item), label) for item, label in frame["train"]])
        self.context = Context(
            model=model,
            task=task,
            route=frame["route"],
            labels=tuple(frame["labels"]),
            batch_tokens=frame["batch_tokens"],
            seed=loaded.seed,
        )

    def shard(self, number: int, items: Sequence[Any]) -> None:
        context = self.context
        assert context is not None  # noqa: S101 the supervisor prepares first
        context.counters.clear()
        for index, value in answer(context, [decode(item) for item in items]):
            self.send({"k": "p", "i": index, "v": value})
        if context.counters:
            self.send({"k": "m", "n": number, "v": dict(context.counters)})
        self.send({"k": "s", "n": number})

    def send(self, frame: Mapping[str, Any]) -> None:
        self.out.write(json.dumps(frame, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode() + b"\n")


def account(error: BaseException) -> str:
    """The error and where it came from; the whole of it goes to the log."""
    traceback.print_exception(error, file=sys.stderr)
    last = "".join(traceback.format_tb(error.__traceback__)[-3:])[-STACK:]
    return f"{type(error).__name__}: {error}\n{last}"
