"""Programs that try to get out of a sandbox, to hang it or to fill it, and what must become of each.

`SAFE` are for Monty and run in the test itself; `FULL` are for bubblewrap, which refuses root, so they run in a
process of an ordinary user (`tests/runs/ordinary.py`). Each is the body of `run`; `ends` are the codes it may come to,
`gives` is its result where it has one.
"""

from dataclasses import dataclass
from typing import Any

VARIABLES = ["HOME", "LANG", "LD_LIBRARY_PATH", "PWD"]
FOLDERS = ["dev", "lib", "lib64", "proc", "python", "tmp", "usr"]
FILL_WITH_MANY = """import os, time
for n in range(8):
    if os.fork() == 0:
        held = b'x' * (150 << 20)
        time.sleep(60)
time.sleep(60)"""
COUNT_FORKS = """import os, time
n = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        n += 1
except OSError:
    return n < 40"""


@dataclass(frozen=True)
class Hostile:
    """One program: `seconds` and `memory` (MiB) are what it may use."""

    name: str
    body: str
    ends: tuple[str, ...] = ("skill_error",)
    gives: Any = None
    seconds: float = 10.0
    memory: int = 256

    @property
    def code(self) -> str:
        return "def run(**prev):\n" + "\n".join(f"    {line}" for line in self.body.splitlines())


EVERYWHERE = [
    Hostile("loops for ever", "while True: pass", ("timeout",), seconds=0.5),
    Hostile("sleeps for ever", "import time\nfor i in range(1000): time.sleep(1)", ("timeout",), seconds=0.5),
    Hostile(
        "catches what ends it",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        ("timeout", "skill_error"),
        seconds=0.5,
    ),
    Hostile("fills the memory", "held = []\nwhile True: held.append('x' * 100_000)"),
    Hostile("makes one huge text", "return len('x' * 10**10)"),
    Hostile("makes one huge number", "return 10 ** 10 ** 9 % 7", ("skill_error", "timeout"), seconds=1),
    Hostile("gives a value of many gigabytes", "part = ['x' * 1000] * 1000\nreturn [part] * 1000"),
    Hostile("gives more than it may", "return 'x' * 20_000", ("too_large",)),
    Hostile(
        "gives a deep value",
        "value = {}\nfor i in range(100_000): value = {'in': value}\nreturn value",
        ("invalid_output", "skill_error"),
    ),
    Hostile("gives itself", "value = []\nvalue.append(value)\nreturn value", ("invalid_output",)),
    Hostile("gives a set", "return {1, 2}", ("invalid_output",)),
    Hostile("gives no number", "return float('nan')", ("invalid_output",)),
    Hostile("calls itself for ever", "return run(**prev)"),
    Hostile("prints for ever", "while True: print('x' * 10_000)", ("timeout", "skill_error"), seconds=0.5),
    Hostile("reads a file", "return open('/etc/passwd').read()"),
    Hostile("reads our settings", "import helix.settings\nreturn helix.settings.SECRET_KEY"),
    Hostile("imports what it finds beside", "import django\nreturn django.__version__"),
    Hostile("divides by nothing", "return 1 / 0"),
]
SAFE = [
    *EVERYWHERE,
    Hostile("reads the environment", "import os\nreturn dict(os.environ)"),
    Hostile("opens a socket", "import socket"),
    Hostile("starts a program", "import subprocess"),
    Hostile("lists a folder", "import os\nreturn os.listdir('/')"),
    Hostile("writes a file", "open('/tmp/x', 'w').write('x')"),
    Hostile("looks for the interpreter", "return ().__class__.__base__.__subclasses__()"),
    Hostile("matches for ever", "import re\nreturn re.match(r'(a|aa)+\\1$', 'a' * 60 + 'b')"),
    Hostile("sleeps in asyncio", "import asyncio\nasyncio.run(asyncio.sleep(100))", ("timeout",), seconds=0.5),
]
ASK_THE_KERNEL = """import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
said = []
for number in {numbers}:
    assert libc.syscall(number, 0, 0, 0, 0, 0) == -1
    said.append(ctypes.get_errno() == errno.EPERM)
return said"""
FULL = [
    *EVERYWHERE,
    Hostile(
        "reads the environment", "import os\nreturn sorted(os.environ)", (), ["HOME", "LANG", "LD_LIBRARY_PATH", "PWD"]
    ),
    Hostile(
        "lists the root",
        "import os\nreturn sorted(os.listdir('/'))",
        (),
        sorted(["dev", "lib", "lib64", "proc", "python", "tmp", "usr"]),
    ),
    Hostile(
        "looks for others",
        "import os\nreturn [open(f'/proc/{p}/comm').read().strip() for p in os.listdir('/proc') if p.isdigit()]",
        (),
        ["bwrap", "python"],
    ),
    Hostile("connects to this machine", "import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)"),
    Hostile("resolves a name", "import socket\nsocket.getaddrinfo('example.com', 80)"),
    Hostile(
        "sends a datagram",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
    ),
    Hostile("connects to a unix socket", "import socket\nsocket.socket(socket.AF_UNIX).connect('{unix}')"),
    Hostile("connects to an abstract socket", "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0{abstract}')"),
    Hostile("reads the secret key", "return open('{secret}').read()"),
    Hostile("writes where it should not", "open('/python/x', 'w')"),
    Hostile("writes into the memory of all", "open('/dev/shm/x', 'w')"),
    Hostile("writes into the root", "open('/x', 'w')"),
    Hostile(
        "fills its folder",
        "for n in range(1000): open(f'/tmp/{n}', 'wb').write(b'x' * (8 << 20))",
    ),
    Hostile("forks for ever", "import os\nwhile True: os.fork()", ("skill_error", "timeout", "too_large"), seconds=2),
    Hostile("counts what it may fork", COUNT_FORKS, (), True),
    Hostile("fills the memory with many", FILL_WITH_MANY),
    Hostile("starts a shell", "import subprocess\nreturn subprocess.run(['/bin/sh', '-c', 'id']).returncode"),
    Hostile(
        "becomes root",
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "return [libc.setuid(0), libc.unshare(0x10000000), libc.mount(b'a', b'/tmp', b'tmpfs', 0, None)]",
        (),
        [-1, -1, -1],
    ),
    Hostile("asks the kernel for what nobody needs", ASK_THE_KERNEL, (), [True] * 47),
    Hostile("connects to the host of this machine", "import socket\nsocket.socket(40, socket.SOCK_STREAM)"),
    Hostile("talks to the kernel's networks", "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
    Hostile(
        "starts threads",
        "import threading\nn = []\nt = threading.Thread(target=n.append, args=(1,))\nt.start()\nt.join()\nreturn n",
        (),
        [1],
    ),
    Hostile("ends itself", "import os\nos._exit(0)"),
    Hostile("kills itself", "import os\nos.kill(os.getpid(), 9)"),
    Hostile("kills the others", "import os\nos.kill(-1, 9)"),
    Hostile("says that its sandbox failed", "import os\nos.write(2, b'bwrap: no permission\\n')\nos._exit(1)"),
    Hostile(
        "writes its own answer",
        "import os\nos.write(max(map(int, os.listdir('/proc/self/fd'))) - 1, b'{{broken')",
        ("skill_error",),
    ),
]
