"""``tasks``: the tasks and suites there are."""

import argparse
import json
import sys
from collections.abc import Sequence

from landbridge_evaluation.catalog import Catalog, installed


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="landbridge_evaluation tasks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="whole declarations, as JSON")
    asked = parser.parse_args(arguments)
    catalog = installed()
    for fault in catalog.faults:
        sys.stderr.write(f"plugin fault: {fault}\n")
    sys.stdout.write(as_json(catalog) if asked.json else as_text(catalog))
    return 0


def as_json(catalog: Catalog) -> str:
    tasks = [{**task.to_json(), "digest": task.digest()} for task in catalog.tasks.values()]
    suites = [{**suite.to_json(), "digest": suite.digest()} for suite in catalog.suites.values()]
    return json.dumps({"tasks": tasks, "suites": suites}, ensure_ascii=False, indent=1) + "\n"


def as_text(catalog: Catalog) -> str:
    lines = [
        f"{task.name:28} {task.kind.value:22} {task.primary.name:16} {task.dataset.ref:28} {task.title}"
        for task in catalog.tasks.values()
    ]
    lines += [
        f"{suite.name:28} suite: {', '.join(one.task for one in suite.tasks)}" for suite in catalog.suites.values()
    ]
    return "".join(line.rstrip() + "\n" for line in lines)
