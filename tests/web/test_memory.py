"""What is free goes back to the system, also between what stays. Each in a process of its own, with a fresh heap."""

import platform
import subprocess
import sys
from pathlib import Path

STATM = Path("/proc/self/statm")
GROW_AND_SHRINK = """
import ctypes, threading
from web import memory

memory.SECONDS, memory.TIMES = 0.01, 100_000
memory.give_memory_back()
blocks = [bytes(1_000) for _ in range(100_000)]  # 100 MB
grown = memory.resident_bytes()
del blocks[: -1]  # the last one stays, at the heap's end
for _ in range(1_000):
    if memory.resident_bytes() < grown - 80_000_000:
        print("back")
        break
    threading.Event().wait(0.01)
"""


def test_what_is_free_goes_back() -> None:
    script = GROW_AND_SHRINK
    if not (sys.platform == "linux" and STATM.exists()):
        script = "from web.memory import give_memory_back; give_memory_back(); print('back')"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.strip() == "back"


def test_a_process_has_one_thread_for_it() -> None:
    script = (
        "import threading; from web.memory import give_memory_back; give_memory_back(); give_memory_back();"
        "print(sum(thread.name == 'memory' for thread in threading.enumerate()))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert int(ran.stdout) == (platform.libc_ver()[0] == "glibc" and STATM.exists())
