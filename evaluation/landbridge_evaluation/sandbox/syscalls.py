"""The system calls that no model needs: their numbers on x86_64 and on aarch64. -1: that machine has no such call."""

from collections.abc import Mapping

TABLE = """
acct 163 89 | add_key 248 217 | bpf 321 280 | chroot 161 51 | clock_adjtime 305 266 | clock_settime 227 112
create_module 174 -1 | delete_module 176 106 | fanotify_init 300 262 | finit_module 313 273 | fsconfig 431 431
fsmount 432 432 | fsopen 430 430 | fspick 433 433 | get_kernel_syms 177 -1 | init_module 175 105
io_uring_enter 426 426 | io_uring_register 427 427 | io_uring_setup 425 425 | ioperm 173 -1 | iopl 172 -1
kcmp 312 272 | kexec_file_load 320 294 | kexec_load 246 104 | keyctl 250 219 | lookup_dcookie 212 18 | mbind 237 235
memfd_create 319 279 | memfd_secret 447 447
migrate_pages 256 238 | mknod 133 -1 | mknodat 259 33 | mount 165 40 | mount_setattr 442 442 | move_mount 429 429
move_pages 279 239 | msgget 68 186 | name_to_handle_at 303 264 | nfsservctl 180 42 | open_by_handle_at 304 265
open_tree 428 428 | open_tree_attr 467 467 | perf_event_open 298 241 | personality 135 92 | pidfd_getfd 438 438
pivot_root 155 41 | process_madvise 440 440 | process_vm_readv 310 270 | process_vm_writev 311 271 | ptrace 101 117
query_module 178 -1 | quotactl 179 60 | quotactl_fd 443 443 | reboot 169 142 | request_key 249 218 | semget 64 190
set_mempolicy 238 237 | set_mempolicy_home_node 450 450 | setdomainname 171 162 | sethostname 170 161 | setns 308 268
settimeofday 164 170 | shmget 29 194 | swapoff 168 225 | swapon 167 224 | syslog 103 116 | umount2 166 39
unshare 272 97 | uselib 134 -1 | userfaultfd 323 282 | ustat 136 -1 | vhangup 153 58 | vmsplice 278 75
"""
FOR_GPU = frozenset({"mbind", "memfd_create", "set_mempolicy", "move_pages"})  # the driver places and shares memory
CHECKED = {  # calls of which only some forms are refused
    "x86_64": {"clone": 56, "clone3": 435, "socket": 41, "ioctl": 16, "prctl": 157, "setsockopt": 54},
    "aarch64": {"clone": 220, "clone3": 435, "socket": 198, "ioctl": 29, "prctl": 167, "setsockopt": 208},
}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000  # the bit of the x32 numbers on x86_64


def refused(machine: str, *, gpu: bool = False) -> Mapping[str, int]:
    """Name to number of each call that is refused whatever its arguments."""
    column = 1 if machine == "x86_64" else 2
    rows = [row.split() for row in TABLE.replace("\n", "|").split("|") if row.strip()]
    numbers = {row[0]: int(row[column]) for row in rows}
    return {name: one for name, one in numbers.items() if one >= 0 and not (gpu and name in FOR_GPU)}
