"""The bench works from end to end: real people on a real server, every figure of its report there. Never how fast."""

from pathlib import Path

from bench import cases, report
from bench.helix_server import HelixServer, Setup
from bench.load import Schedule, drive, join

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
