"""Programs that reach for what is not theirs. They open what they find and write nothing of the host's.

Each says on its log ``ESCAPED what`` for what it reached, ``held what`` for what was refused. ``FACTS`` names what is
there to be reached: it comes on standard input, the descriptor of results as ``argv[1]``.
"""

PRELUDE = """
import ctypes, errno, json, mmap, os, resource, signal, socket, struct, sys, time
FD, FACTS = int(sys.argv[1]), json.loads(sys.stdin.read() or "{}")
libc = ctypes.CDLL(None, use_errno=True)
def say(word, what):
    os.write(1, f"{word} {what}\\n".encode())
def tried(what, deed):
    try:
        say("ESCAPED" if deed() else "held", what)
    except (OSError, ValueError, AttributeError, MemoryError) as error:
        say("held", f"{what}: {type(error).__name__}")
def opened(path, flags=os.O_RDONLY):
    fd = os.open(path, flags)
    os.close(fd)
    return True
def call(number, *words):
    return libc.syscall(number, *words) >= 0
def status():
    return dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
"""

REACHING: dict[str, str] = {
    "loopback": """
tried("a port of the host", lambda: socket.create_connection(("127.0.0.1", FACTS["port"]), timeout=2))
""",
    "abstract_socket": """
one = socket.socket(socket.AF_UNIX)
tried("an abstract socket", lambda: one.connect("\\0" + FACTS["abstract"]) is None)
""",
    "host_sockets": """
for path in (FACTS["socket"], "/var/run/docker.sock", "/run/postgresql/.s.PGSQL.5432", "/run/dbus/system_bus_socket",
             "/var/run/postgresql/.s.PGSQL.5432", "/run/systemd/notify", "/run/containerd/containerd.sock"):
    one = socket.socket(socket.AF_UNIX)
    tried(path, lambda: one.connect(path) is None)
""",
    "odd_families": """
for family, kind in ((40, 1), (16, 3), (17, 3), (38, 5), (29, 3), (31, 3), (44, 3), (2, 3), (10, 2), (2, 2), (21, 5)):
    tried(f"family {family}", lambda: socket.socket(family, kind))
""",
    "host_files": """
tried("a file of the host", lambda: FACTS["secret"] in open(FACTS["canary"]).read())
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/var/lib", "/home", "/run", "/boot", "/sys/kernel"):
    tried(path, lambda: opened(path))
names = {line.split()[4] for line in open("/proc/self/mountinfo")}
tried("the whole root", lambda: len(names & {"/home", "/var", "/etc", "/root"}) > 1)
""",
    "environment": """
tried("its own", lambda: FACTS["token"] in repr(os.environ))
for pid in (1, os.getppid(), os.getpid()):
    tried(f"of process {pid}", lambda: FACTS["token"].encode() in open(f"/proc/{pid}/environ", "rb").read())
""",
    "writes_outside": """
for path in (FACTS["canary"], *(name + "/new" for name in ("/usr", "/etc", "/job", "/dev", sys.prefix)),
             "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
             "/proc/sys/vm/drop_caches", "/proc/sys/fs/file-max", "/sys/fs/cgroup/cgroup.procs"):
    flags = os.O_WRONLY if not path.endswith("/new") else os.O_WRONLY | os.O_TMPFILE
    tried(path, lambda: opened(path.removesuffix("/new"), flags))
""",
    "parent": """
parent = os.getppid()
if parent > 0:
    tried("a signal to what started it", lambda: os.kill(parent, 0) is None)
    tried("a look at it", lambda: FACTS["runner"] == parent or opened(f"/proc/{parent}/fd"))
else:  # alone in its view: it may do its worst
    for deed in (lambda: os.kill(FACTS["runner"], 9), lambda: os.kill(FACTS["runner"], 0)):
        tried("a signal to what started it", lambda: deed() is None)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(-1, number)
        except OSError:
            pass
    say("held", "lives on")
""",
    "namespaces": """
for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x10000000 | 0x20000):
    pid = os.fork()
    if pid == 0:
        tried(f"unshare {flag:#x}", lambda: libc.unshare(flag) == 0)
        os._exit(0)
    os.waitpid(pid, 0)
def mounted():
    pid = os.fork()
    if pid == 0:
        libc.unshare(0x10000000 | 0x20000)
        tried("mount", lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0)
        os._exit(0)
    os.waitpid(pid, 0)
mounted()
tried("chroot", lambda: libc.chroot(b"/tmp") == 0)
tried("setns", lambda: libc.setns(os.open("/proc/1/ns/net", 0), 0) == 0)
tried("mount_setattr, fsopen, open_tree", lambda: any((call(430, b"tmpfs", 0), call(428, -100, b"/", 1))))
tried("clone3", lambda: libc.syscall(435, 0, 0) < 0 and ctypes.get_errno() != errno.ENOSYS)
""",
    "ptrace": """
pid = os.fork()
if pid == 0:
    time.sleep(5)
    os._exit(0)
tried("ptrace", lambda: libc.ptrace(16, pid, 0, 0) == 0)
local, remote = ctypes.create_string_buffer(8), struct.pack("QQ", ctypes.addressof(ctypes.c_char_p(b"x")), 8)
buffer = struct.pack("QQ", ctypes.addressof(local), 8)
tried("process_vm_readv", lambda: libc.process_vm_readv(pid, buffer, 1, remote, 1, 0) == 8)
tried("pidfd_getfd", lambda: call(438, os.pidfd_open(pid), 1, 0))
os.kill(pid, 9)
tried("another's memory", lambda: os.getppid() > 0 and opened(f"/proc/{FACTS['runner']}/mem"))
if os.getpid() != 1:
    tried("the first process's memory", lambda: opened("/proc/1/mem"))
""",
    "privileges": """
now = status()
tried("capabilities", lambda: any(int(now[one], 16) for one in ("CapPrm", "CapEff", "CapInh", "CapBnd", "CapAmb")))
tried("new privileges", lambda: now["NoNewPrivs"].strip() != "1")
tried("no filter", lambda: now["Seccomp"].strip() != "2")
for number in (0, 1, 1000):
    tried(f"setuid {number}", lambda: os.setuid(number) is None)
    tried(f"setgid {number}", lambda: os.setgid(number) is None)
tried("setgroups", lambda: os.setgroups([0]) is None)
tried("root", lambda: os.getuid() == 0)
tried("capset", lambda: libc.capset(struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", 1, 1, 0, 0, 0, 0)) == 0)
""",
    "survivor": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(8)", FACTS["mark"]])
    os._exit(0)
time.sleep(0.2)
say("held", "ended, leaving one behind")
""",
    "kernel": """
attr = ctypes.create_string_buffer(128)
struct.pack_into("IIQ", attr, 0, 1, 112, 0)
bits = struct.pack("IIIII", 2, 4, 4, 1, 0) + bytes(100)
rings = ctypes.create_string_buffer(256)
for name, deed in {
    "io_uring": lambda: call(425, 2, rings), "bpf": lambda: call(321, 0, bits, len(bits)),
    "perf_event_open": lambda: call(298, attr, 0, -1, -1, 0), "keyctl": lambda: call(250, 0, -4, 1),
    "add_key": lambda: call(248, b"user", b"landbridge-test", b"x", 1, -1), "userfaultfd": lambda: call(323, 1),
    "fanotify": lambda: call(300, 0, 0), "personality": lambda: call(135, 0xFFFFFFFF),
    "syslog": lambda: call(103, 10, 0, 0),
    "kcmp": lambda: call(312, os.getpid(), os.getpid(), 1, 0, 0), "quotactl": lambda: call(179, 0x80000100, 0, 0, 0),
    "name_to_handle_at": lambda: call(303, -100, b"/", struct.pack("II", 128, 0) + bytes(128), rings, 0),
    "x32": lambda: call(0x40000000 + 39),
}.items():
    if os.uname().machine == "x86_64":  # whose numbers these are
        tried(name, deed)
""",
    "devices": """
for name in ("kvm", "mem", "kmsg", "port", "fuse", "loop-control", "net/tun", "sda", "vda", "nvme0n1", "nvidiactl",
             "dri/card0", "snd/timer", "vsock", "vhost-vsock", "uinput", "hwrng", "mapper/control", "mqueue", "cuse"):
    tried(name, lambda: opened("/dev/" + name))
tried("mknod", lambda: os.mknod("/dev/shm/landbridge-hostile-node", 0o600 | 0o020000, os.makedev(1, 3)) is None)
tried("more than a few", lambda: len(set(os.listdir("/dev")) - {
    "console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
    "urandom", "zero"}) > 0)
""",
    "descriptors": """
for name in os.listdir("/proc/self/fd"):
    fd = int(name)
    if fd > 2 and fd != FD:
        tried(f"descriptor {fd}", lambda: bool(os.fstat(fd)) and FACTS["secret"].encode() in os.pread(fd, 4096, 0))
""",
    "gold": """
import glob
def searched():
    deadline, seen = time.monotonic() + 6, 0
    for top in (os.path.dirname(FACTS["canary"]), "/job", "/work", "/tmp", "/model", "/plugin"):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                seen += 1
                if time.monotonic() > deadline or seen > 20000 or os.path.realpath(path) == os.path.realpath(__file__):
                    continue
                try:
                    if os.path.getsize(path) < 65536 and FACTS["gold"].encode() in open(path, "rb").read():
                        return True
                except OSError:
                    continue
    return False
tried("the labels", searched)
for pid in filter(str.isdigit, os.listdir("/proc")):
    tried(f"words of process {pid}", lambda: FACTS["label_words"].encode() in open(f"/proc/{pid}/cmdline", "rb").read())
""",
}
