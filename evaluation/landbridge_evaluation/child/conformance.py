"""``python -I -B -m landbridge_evaluation.child.conformance 3 [MODEL]``: the kit over ``/plugin``, in the sandbox.

Its one answer is a JSON line on the descriptor: the models that the plugin registers, and what is found against it.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from landbridge_plugins.conformance import examine

MOST = 200  # models, findings


def main() -> int:
    number, plugin = int(sys.argv[1]), sys.argv[2]
    model = Path(sys.argv[3]) if len(sys.argv) > 3 else None  # noqa: PLR2004 the descriptor, the plugin, its model
    os.set_inheritable(number, False)  # noqa: FBT003 the function's own signature
    found = examine(plugin, model)
    said: dict[str, Any] = {
        "models": [one.to_json() for one in found.models[:MOST]],
        "findings": [one.to_json() for one in found.findings[:MOST]],
    }
    with os.fdopen(number, "wb") as out:
        out.write(json.dumps(said, ensure_ascii=True, allow_nan=False).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
