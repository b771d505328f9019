"""Programs that use more than they may. Each stops by itself at a size that harms no machine."""

USING: dict[str, str] = {
    "fork_bomb": """
made, reader = 0, os.pipe()
try:
    while made < 250:
        if os.fork() == 0:
            os.close(reader[1])
            os.read(reader[0], 1)
            os._exit(0)
        made += 1
except OSError:
    pass
say("ESCAPED" if made >= 250 else "held", f"{made} processes at once")
os.close(reader[1])
os._exit(0)
""",
    "private_memory": """
held = [bytearray(os.urandom(1 << 20)) * 16 for _ in range(24)]
time.sleep(2)
say("ESCAPED", f"{16 * len(held)} MB")
""",
    "shared_memory": """
pages = mmap.mmap(-1, 384 << 20)
for place in range(0, len(pages), 4096):
    pages[place] = 1
time.sleep(2)
say("ESCAPED", "384 MB that no limit of a process counts")
""",
    "memfd": """
held = []
try:
    for _ in range(12):
        held.append(os.memfd_create("x"))
        os.write(held[-1], bytes(32 << 20))
    time.sleep(2)
    say("ESCAPED", "384 MB in files without a name")
except PermissionError as error:
    say("held", f"a file without a name: {error}")
""",
    "many_small": """
for _ in range(16):
    if os.fork() == 0:
        held = bytearray(os.urandom(1 << 20)) * 24
        time.sleep(4)
        os._exit(0)
time.sleep(3)
say("ESCAPED", "384 MB in sixteen processes")
""",
    "disk_fill": """
for folder in (os.getcwd(), "/work", "/tmp", "/dev/shm", "/var/tmp"):
    held = []
    try:
        for number in range(5):
            path = f"{folder}/landbridge-hostile-{os.getpid()}-{number}"
            held.append(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            os.unlink(path)
            os.posix_fallocate(held[-1], 0, 128 << 20)
        say("ESCAPED", f"640 MB in {folder}")
        break
    except OSError as error:
        say("held", f"{folder}: {error}")
    for fd in held:
        os.close(fd)
""",
    "inode_flood": """
os.chdir("/dev/shm")
os.mkdir(FACTS["mark"])
for number in range(52000):
    os.close(os.open(f"{FACTS['mark']}/{number}", os.O_CREAT | os.O_WRONLY))
time.sleep(1)
say("ESCAPED", "52000 files")
""",
    "log_flood": """
for _ in range(40 << 4):
    os.write(1, b"x" * 65535 + b"\\n")
say("ESCAPED", "40 MB printed")
""",
    "result_flood": """
for _ in range(20 << 4):
    os.write(FD, b"x" * 65536)
say("ESCAPED", "20 MB answered")
""",
    "ignored_signals": """
for number in range(1, 32):
    if number not in (9, 19):
        signal.signal(number, signal.SIG_IGN)
until = time.monotonic() + 5
while time.monotonic() < until:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.2)
say("ESCAPED", "five seconds, whatever was sent")
""",
    "cpu_burn": """
for _ in range(4):
    if os.fork() == 0:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            pass
        os._exit(0)
until = time.monotonic() + 5
while time.monotonic() < until:
    pass
say("ESCAPED", "five seconds of each core")
""",
    "late_writer": """
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setsid()
    for _ in range(40):
        time.sleep(0.1)
        os.write(FD, b"late\\n")
    os._exit(0)
os.write(FD, b"ended\\n")
os._exit(0)
""",
}

ANSWER = 'def p(i, v): return json.dumps({"k": "p", "i": i, "v": v}).encode() + b"\\n"\n'
END = 'b\'{"k":"s","n":0}\\n\''
GOOD = "b''.join(p(i, [0, 1]) for i in range(3))"


def answering(*lines: str) -> str:
    """A program that writes each of ``lines`` (expressions that give bytes) as its answers."""
    return ANSWER + "".join(f"os.write(FD, {line})\n" for line in lines)


FRAMES: dict[str, str] = {
    "forged_job": answering('b\'{"k":"j","job":"another","score":1.0}\\n\'', GOOD, END),
    "forged_model": answering('b\'{"k":"p","i":0,"v":[0,1],"model":"rival/best"}\\n\'', GOOD, END),
    "forged_item": answering("p(7, [0, 1])", GOOD, END),
    "forged_score": answering(GOOD, 'b\'{"k":"s","n":0,"metrics":{"acc":1.0}}\\n\''),
    "other_shard": answering(GOOD, 'b\'{"k":"s","n":1}\\n\''),
    "glued_lines": answering("(" + GOOD + " + " + END + ").replace(b'\\n', b'')"),
    "doubled_item": answering("p(0, [0, 1])", GOOD, END),
    "doubled_key": answering('b\'{"k":"p","i":0,"v":[1,0],"v":[0,1]}\\n\'', "p(1, [0, 1])", "p(2, [0, 1])", END),
    "nan": answering('b\'{"k":"p","i":0,"v":[NaN,0]}\\n\'', "p(1, [0, 1])", "p(2, [0, 1])", END),
    "infinite": answering('b\'{"k":"p","i":0,"v":[1e999,0]}\\n\'', "p(1, [0, 1])", "p(2, [0, 1])", END),
    "huge_number": answering(
        'b\'{"k":"p","i":0,"v":[\' + b\'9\' * 5000 + b\',0]}\\n\'', "p(1, [0, 1])", "p(2, [0, 1])", END
    ),
    "huge_line": answering('b\'{"k":"p","i":0,"v":[0,\' + b\' \' * (1 << 20) + b\'0]}\\n\'', GOOD, END),
    "deep": answering("b'{\"k\":\"p\",\"i\":0,\"v\":' + b'[' * 30000 + b']' * 30000 + b'}\\n'", GOOD, END),
    "not_utf8": answering('b\'{"k":"p","i":0,"v":[0,1]}\\xff\\n\'', GOOD, END),
    "surrogate": answering('b\'{"k":"\\\\ud800","i":0,"v":[0,1]}\\n\'', GOOD, END),
    "boolean": answering("p(0, [True, False])", "p(1, [0, 1])", "p(2, [0, 1])", END),
    "after_the_end": answering(GOOD, END, "p(0, [1, 0])"),
    "terminal": answering('b\'{"k":"f","code":"x","text":"\\\\u001b]0;owned\\\\u0007\\\\u001b[2J"}\\n\''),
    "covert": "import random\n"
    + answering("b''.join(p(i, [i / 7, float(FACTS['message'][i])]) for i in range(3))", END),
}
