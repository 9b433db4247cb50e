"""The bench works from end to end: real people on a real server, every figure of its report there. Never how fast."""

import subprocess
import sys
from pathlib import Path

from bench import cases, report
from bench.helix_server import HelixServer, Setup
from bench.load import Schedule, drive, join
from bench.process import Usage

SCHEDULE = Schedule(people=5, writers=2, operations=20, cursors=2, seconds=1)


async def test_five_people_for_two_seconds_give_a_whole_report(tmp_path: Path) -> None:
    with HelixServer(Setup(), tmp_path, people=5, flows=[cases.nodes_for(SCHEDULE)]) as server:
        journal = server.journal()
        people = [server.person(number, journal) for number in range(5)]
        await join(people)
        result = await drive(people, journal, SCHEDULE, server.usage)

        assert result.written > 0
        assert (result.missing, result.refused, result.gaps, result.closed) == (0, {}, 0, {})
        assert journal.acked == len(journal.edits)
        assert {person.version for person in people} == {1 + len(journal.edits)}
        for figure in (
            result.p50,
            result.p95,
            result.p99,
            result.cursor_p50,
            result.deliveries,
            result.bytes_per_frame,
        ):
            assert figure
            assert figure > 0

        table = report.live_table([cases.Live(server.name, result, 30.0, ())], SCHEDULE)
        assert "Helix, uvicorn, sqlite" in table
        assert "none" in table
        for person in people:
            person.socket.close()


def test_what_children_spent_counts_when_they_have_ended() -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert Usage(process.pid).cpu_seconds() >= 0.5
        process.communicate(b"\n")
