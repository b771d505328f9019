"""``python -m landbridge_benchmarks``: print the lock of published tasks. A task in it never changes again."""

import json
import sys

from landbridge_benchmarks.catalog import digests

sys.stdout.write(json.dumps(digests(), indent=2) + "\n")
