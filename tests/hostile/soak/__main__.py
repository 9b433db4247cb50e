"""`python -m tests.hostile.soak --minutes 10 --seed 7`: suffer for so long, heal, and say what has happened."""

import argparse
import asyncio
import secrets
import sys

from tests.hostile.soak.stage import Stage


def main() -> int:
    """Run one soak and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    given = parser.parse_args()
    say(f"seed {given.seed}")
    with Stage() as stage:
        stage.open_database()
        from tests.hostile.soak.run import Soak

        counts = asyncio.run(Soak(stage, given.seed).run(given.minutes * 60))
        verified = stage.servers[0].verify(str(stage.flow_id))
    happened = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    say(f"seed {given.seed}, {given.minutes:g} minutes: {happened}")
    say(verified.stdout.strip() or verified.stderr.strip())
    return verified.returncode


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
