"""The filter, read by a small interpreter of its own language."""

import errno
import struct

import pytest

from landbridge_evaluation.sandbox import seccomp
from landbridge_evaluation.sandbox.syscalls import AUDIT, CHECKED, FOR_GPU, X32, refused

MACHINES = ("x86_64", "aarch64")
HARMLESS = {"x86_64": (0, 1, 9, 59, 202, 231, 257), "aarch64": (63, 64, 222, 221, 98, 94, 56)}  # read, write, mmap, …
ALLOWED = seccomp.ALLOW


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None, gpu: bool = False) -> int:
    """What the kernel would answer: ``ALLOWED`` or an errno."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, AUDIT[machine] if arch is None else arch, 0, *words)
    program: list[seccomp.Instruction] = [*struct.iter_unpack("<HBBI", seccomp.program(machine, gpu=gpu))]
    place = accumulator = 0
    while True:
        code, true, false, constant = program[place]
        place += 1
        match code:
            case seccomp.LOAD:
                (accumulator,) = struct.unpack_from("<I", data, constant)
            case seccomp.EQUAL:
                place += true if accumulator == constant else false
            case seccomp.AT_LEAST:
                place += true if accumulator >= constant else false
            case seccomp.ANY_BIT:
                place += true if accumulator & constant else false
            case _:
                assert code == seccomp.RETURN
                return constant if constant == ALLOWED else constant & 0xFFFF


@pytest.mark.parametrize("machine", MACHINES)
def test_what_no_model_needs_is_refused_and_the_rest_allowed(machine: str) -> None:
    for name, number in refused(machine).items():
        assert verdict(machine, number) == errno.EPERM, name
    for number in HARMLESS[machine]:
        assert verdict(machine, number) == ALLOWED
    assert verdict(machine, 4000) == ALLOWED
    assert {"ptrace", "mount", "unshare", "bpf", "io_uring_setup", "keyctl", "userfaultfd"} <= refused(machine).keys()


@pytest.mark.parametrize("machine", MACHINES)
def test_some_calls_are_refused_in_some_forms(machine: str) -> None:
    call = CHECKED[machine]
    assert verdict(machine, call["clone3"]) == errno.ENOSYS
    assert verdict(machine, call["socket"], 1) == ALLOWED
    for family in (0, 2, 10, 16, 17, 38, 40):  # unspecified, IPv4, IPv6, netlink, packet, kernel crypto, vsock
        assert verdict(machine, call["socket"], family) == errno.EPERM
    assert verdict(machine, call["socket"], 2 + (1 << 32)) == errno.EPERM  # the kernel takes the low half
    assert verdict(machine, call["clone"], 0x1200011) == ALLOWED
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, call["clone"], flag | 17) == errno.EPERM
    assert verdict(machine, call["ioctl"], 0, 0x5401) == ALLOWED
    assert [verdict(machine, call["ioctl"], 0, one) for one in (0x5412, 0x541C)] == [errno.EPERM] * 2
    assert (verdict(machine, call["prctl"], 4), verdict(machine, call["prctl"], 38)) == (errno.EPERM, ALLOWED)
    assert [verdict(machine, call["setsockopt"], 3, 1, one) for one in (7, 16)] == [errno.EPERM, ALLOWED]


@pytest.mark.parametrize("machine", MACHINES)
def test_another_machines_calls_are_refused(machine: str) -> None:
    for arch in (0x40000003, 0xC00000B7 if machine == "x86_64" else 0xC000003E, 0):
        assert verdict(machine, HARMLESS[machine][0], arch=arch) == errno.EPERM


def test_the_x32_numbers_are_refused() -> None:
    assert verdict("x86_64", X32) == verdict("x86_64", X32 + 59) == errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_a_gpu_may_place_memory(machine: str) -> None:
    for name in FOR_GPU:
        number = refused(machine)[name]
        assert (verdict(machine, number), verdict(machine, number, gpu=True)) == (errno.EPERM, ALLOWED)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_jump_stays_inside_and_the_last_word_is_an_answer(machine: str) -> None:
    program = seccomp.instructions(machine)
    assert len(program) < 4096 and program[-1][0] == seccomp.RETURN
    for place, (code, true, false, _) in enumerate(program):
        assert code == seccomp.RETURN or place + 1 + max(true, false) < len(program)


def test_there_is_no_filter_for_a_machine_that_nobody_checked() -> None:
    with pytest.raises(KeyError):
        seccomp.program("riscv64")
