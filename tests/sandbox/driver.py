"""``python driver.py FOLDER WALL MEMORY``: what ``kit.inside`` does, in a process of another user."""

import json
import os
import sys
from pathlib import Path

from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, door

if __name__ == "__main__":
    folder, wall, memory_mb = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    inputs = Inputs(job=folder, module="", arguments=("/job/program.py",), wall_s=wall, memory_mb=memory_mb)
    made = door.run(sandbox.launch(inputs, "bwrap"), wall_s=wall, memory_mb=memory_mb)
    told = {key: value for key, value in made.to_json().items() if not key.endswith("_b64")}
    said = {**told, "began": made.began, "log": made.log.decode(), "result": made.result.decode()[:10_000]}
    with os.fdopen(3, "w", encoding="utf-8") as out:
        json.dump({**said, "starter": os.getuid()}, out)
