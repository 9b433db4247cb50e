"""`helix worker` with skills that tests can count: `python -m tests.runs.worker_program worker --labels gpu`.

A skill's code names what it does: `wait 2.5` waits so long, `pass` nothing. What begins and ends is appended to the
file `EFFECTS`, one line each; that is the effect outside, which may happen again, but not after it was settled.
"""

import os
import time
from types import MappingProxyType

from helix.cli import main

EFFECTS = "TEST_EFFECTS"


def install() -> None:
    """Replace the skill's executor, once Django is there."""
    from runs import kinds
    from runs.kinds import Done, Registered, Work
    from runs.work import perform

    def skill(work: Work) -> Done:
        what, _, seconds = str(work.step.settings["code"]).partition(" ")
        tell("begun", work)
        if what == "wait":
            end = time.monotonic() + float(seconds)
            while time.monotonic() < end and not work.cancelled.wait(0.02):
                pass
        tell("ended", work)
        return Done({"by": os.getpid(), "item": work.names.get("item")})

    def tell(word: str, work: Work) -> None:
        line = f"{word} {work.task} {os.getpid()} {time.time():.3f}\n"
        file = os.open(os.environ[EFFECTS], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    perform.EXECUTORS = MappingProxyType({**kinds.EXECUTORS, "skill": Registered(skill)})


if __name__ == "__main__":
    from helix import process

    set_up = process.set_up_django

    def set_up_and_install() -> None:
        set_up()
        install()

    import helix.cli

    helix.cli.set_up_django = set_up_and_install
    main()
