"""An ``nvidia-smi`` that answers as the real one does: the one thing of a GPU machine that these tests have to make."""

import sys
from pathlib import Path
from textwrap import dedent

H100 = ("GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77", "NVIDIA H100 80GB HBM3", "81559", "9.0")
L40 = ("GPU-0c1ba0d6-1111-2b2c-524d-9e3d8d2b8a01", "NVIDIA L40S", "46068", "8.9")
T4 = ("GPU-aa1ba0d6-2222-2b2c-524d-9e3d8d2b8a02", "Tesla T4", "15360", "7.5")
Gpu = tuple[str, str, str, str]


def install(folder: Path, *gpus: Gpu, slices: tuple[str, ...] = (), fails: bool = False) -> Path:
    """A program ``nvidia-smi`` in ``folder`` that knows ``gpus``; the first is cut into ``slices`` (MIG profiles)."""
    rows = [
        f"{number}, {uuid}, {name}, {memory}, {capability}, {mode(number, slices)}"
        for number, (uuid, name, memory, capability) in enumerate(gpus)
    ]
    listed = []
    for number, (uuid, name, _, _) in enumerate(gpus):
        listed.append(f"GPU {number}: {name} (UUID: {uuid})")
        cut = slices if number == 0 else ()
        listed += [f"  MIG {one}     Device  {at}: (UUID: MIG-{at:08d}-cut)" for at, one in enumerate(cut)]
    load = [f"{gpu[0]}, 87, 40210" for gpu in gpus]
    program = folder / "nvidia-smi"
    program.write_text(
        dedent(
            f"""\
            #!{sys.executable}
            import sys
            if {fails}:
                sys.exit("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")
            if sys.argv[1] == "-L":
                print({chr(10).join(listed)!r})
            elif "utilization" in sys.argv[1]:
                print({chr(10).join(load)!r})
            else:
                assert sys.argv[1] == "--query-gpu=index,uuid,name,memory.total,compute_cap,mig.mode.current"
                assert sys.argv[2] == "--format=csv,noheader,nounits"
                print({chr(10).join(rows)!r})
            """
        )
    )
    program.chmod(0o755)
    return program


def mode(number: int, slices: tuple[str, ...]) -> str:
    if not slices:
        return "[N/A]" if number % 2 else "Disabled"
    return "Enabled" if number == 0 else "Disabled"
