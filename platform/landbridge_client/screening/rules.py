"""The screening of a whole submission: its paths, sizes, files, card, and whether there is a model in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from landbridge_client import licenses
from landbridge_client.formats.cards import Card, parse_card
from landbridge_client.formats.errors import FormatError
from landbridge_client.screening.contents import Refused, examine, read_json
from landbridge_client.screening.files import FileView
from landbridge_client.screening.limits import LIMITS, Limits, human
from landbridge_client.screening.paths import path_problem, screen_paths
from landbridge_plugins import Finding

CARD, CONFIG, MARKER = "README.md", "config.json", "landbridge.json"
WHEEL = ".whl"
INDEX, WEIGHTS = ".safetensors.index.json", ".safetensors"
SCHEMA = "landbridge.model/1"
CARD_BYTES = 8_000_000
SHOWN = 5  # names listed in one message


def screen(files: Sequence[FileView], limits: Limits = LIMITS) -> list[Finding]:
    """Everything that is wrong with a submission. One blocking finding refuses it; an empty list is a pass.

    Pure: reads ``files`` and nothing else, executes and unpacks nothing, gives the same findings for the same bytes.
    """
    too_much = list(_too_much(files, limits))
    if too_much:
        return too_much
    findings = list(screen_paths(file.path for file in files))
    sound = {file.path: file for file in files if path_problem(file.path) is None}
    for file in sound.values():
        try:
            refused = examine(file, limits)
        except OSError as error:
            refused = Refused("file_unreadable", f"{file.path} cannot be read ({error.strerror}). Upload it again.")
        if refused is not None:
            findings.append(_blocking(*refused))
    findings.extend(_card(sound))
    findings.extend(_model(sound))
    return findings


def read_card(files: Mapping[str, FileView]) -> Card:
    """The submission's card. Raises ``FormatError`` (``card_missing``, ``card_yaml``…)."""
    file = files.get(CARD)
    if file is None:
        raise FormatError("card_missing", _START)
    return parse_card(_text_of(file))


_START = (
    "There is no README.md. Add one that begins with front matter: a line `---`, a line `license: apache-2.0`, "
    "a line `---`, and then a description of the model."
)


def _blocking(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, blocking=True)


def _too_much(files: Sequence[FileView], limits: Limits) -> Iterator[Finding]:
    if len(files) > limits.files:
        yield _blocking("too_many_files", f"There are {len(files)} files; at most {limits.files} are allowed.")
    total = sum(file.size for file in files)
    if total > limits.total:
        yield _blocking(
            "submission_too_large", f"All files have {human(total)}; at most {human(limits.total)} are allowed."
        )


def _text_of(file: FileView) -> str:
    if file.size > CARD_BYTES:
        raise FormatError(
            "card_too_large", f"{file.path} has {human(file.size)}; at most {human(CARD_BYTES)} are read."
        )
    with file.open() as stream:
        return stream.read(file.size).decode("utf-8", errors="replace")


def _card(files: Mapping[str, FileView]) -> Iterator[Finding]:
    try:
        card = read_card(files)
        licenses.expression_of(card)
    except FormatError as error:
        yield _blocking(error.code, error.message)
    except OSError:
        return  # said already, as file_unreadable


def _model(files: Mapping[str, FileView]) -> Iterator[Finding]:
    weights = [path for path in files if path.endswith(WEIGHTS)]
    wheels = [path for path in files if path.lower().endswith(WHEEL)]
    if len(wheels) > 1:
        yield _blocking("wheels_many", f"There are {len(wheels)} wheels. Keep the one that loads this model.")
    if MARKER in files:
        yield from _marker(files[MARKER])
    elif wheels:
        pass  # the wheel says which model it brings
    elif not weights:
        yield _blocking(
            "no_model",
            "There is no model: neither a .safetensors file nor a landbridge.json. Save it with "
            "model.save_pretrained(folder), name its plugin in landbridge.json, or add your plugin's wheel.",
        )
    elif CONFIG not in files:
        yield _blocking(
            "config_missing",
            "There are weights but no config.json, so their architecture is unknown. Add it.",
        )
    for path in files:
        if path.endswith(INDEX):
            yield from _index(path, files)


def _object(file: FileView) -> dict[str, Any] | None:
    """A JSON object, or ``None`` for anything else (which examining the file has named already)."""
    try:
        value = read_json(_text_of(file), exact=True)
    except (FormatError, OSError):
        return None
    return value if isinstance(value, dict) else {}


def _marker(file: FileView) -> Iterator[Finding]:
    marker = _object(file)
    if marker is None:
        return
    slug = marker.get("slug")
    if marker.get("schema") != SCHEMA or not (isinstance(slug, str) and slug.strip()):
        yield _blocking(
            "marker_invalid",
            f'{MARKER} must read {{"schema": "{SCHEMA}", "slug": "…"}} with the slug of a model that a plugin brings.',
        )


def _index(path: str, files: Mapping[str, FileView]) -> Iterator[Finding]:
    places = (_object(files[path]) or {}).get("weight_map")
    folder = path.rpartition("/")[0]
    wanted = sorted({str(name) for name in places.values()}) if isinstance(places, dict) else []
    missing = [name for name in wanted if (f"{folder}/{name}" if folder else name) not in files]
    if missing:
        some = ", ".join(missing[:SHOWN]) + ("…" if len(missing) > SHOWN else "")
        yield _blocking("weights_missing", f"{path} names files that are not there: {some}. Upload them too.")
