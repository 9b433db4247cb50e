"""`kill -9` at each point of a save: what was acknowledged is there, what was sent again is there once.

By day the points on either side of the commit on both databases, each other one on one of them; by night each on both.
"""

import secrets
from pathlib import Path

import pytest
from httpx import HTTPError

from tests.faults.failing import POINTS
from tests.faults.frail import Author, FrailServer, logged
from tests.nightly import IS_NIGHTLY
from tests.postgres import Postgres
from tests.programs import Programs
from tests.sessions.client import Closed

SOCKET_POINTS = [name for name in POINTS if not name.startswith("REST")]
AROUND_THE_COMMIT = {"log written, not committed", "committed, nobody told"}
UNTOLD = {"committed, nobody told", "before the hint", "others told, author not"}
"""Where something is committed and not acknowledged."""
UNTIL_DEATH = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def frail(request: pytest.FixtureRequest, tmp_path: Path) -> FrailServer:
    """A server on either database, not started yet."""
    postgres: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = postgres.new_database() if postgres else ""
    secret = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    server = "daphne" if postgres else "uvicorn"
    return FrailServer(data_dir=tmp_path / "data", database_url=url, environment=secret, server=server)


async def test_at_each_point_of_a_save_nothing_is_lost_and_nothing_is_done_twice(frail: FrailServer) -> None:
    """Each start is the ordinary one after the death before it, and knows its own."""
    points = points_of(frail)
    frail.wanted = (f"kill={points[0]}:{UNTIL_DEATH}",)
    with frail:
        programs = Programs(frail)
        author = Author(programs)
        for point, following in zip(points, [*points[1:], None], strict=True):
            before, known = dict(author.acked), len(logged(programs))
            await author.come(frail.socket_url)
            with pytest.raises(Closed):
                while True:
                    await author.send(2)
                    await author.client.answer(author.sent)
            frail.wait_for_death()
            author.note()
            frail.wanted = (f"kill={following}:{UNTIL_DEATH}",) if following else ()
            frail.start()
            assert author.acked.keys() > before.keys(), f"{point}: nothing was acknowledged before"
            made = {operation["node"]["id"]: version for version, operation in logged(programs).items() if version > 1}
            expect_as_acknowledged(author, made, point)
            is_told = len(made) + 1 - known == len(author.acked) - len(before)
            assert is_told == (point not in UNTOLD), point
        await author.come(frail.socket_url)
        await author.send_again()
        final = programs.call(programs.owner, "GET", f"/flows/{programs.flow}")
        await author.client.reach(final["version"])
        assert final["version"] == author.sent + 1
        assert author.replica.nodes == {node["id"]: node for node in final["nodes"]}
        assert frail.verify(programs.flow).returncode == 0


def points_of(server: FrailServer) -> list[str]:
    """Return where the server dies in this run, in order."""
    one_each = SOCKET_POINTS["HELIX_DATABASE_URL" not in server.environment :: 2]
    return [point for point in SOCKET_POINTS if IS_NIGHTLY or point in one_each or point in AROUND_THE_COMMIT]


def expect_as_acknowledged(author: Author, made: dict[str, int], point: str) -> None:
    """Expect everything acknowledged in the log at that version, and nothing else but what is on its way."""
    for seq, version in author.acked.items():
        assert made.get(author.node(seq)) == version, f"{point}: {seq} was acknowledged"
    assert made.keys() <= {author.node(seq) for seq in range(1, author.sent + 1)}, point


def test_a_call_that_got_no_answer_is_sent_again(frail: FrailServer) -> None:
    frail.wanted = (f"kill=REST: committed, not answered:{UNTIL_DEATH}",)
    with frail:
        programs = Programs(frail)
        path, answers = f"/flows/{programs.flow}/operations", {}
        for seq in range(1, UNTIL_DEATH + 1):
            body = {"client": "program", "seq": seq, "operations": [add(seq)]}
            if seq < UNTIL_DEATH:
                answers[seq] = programs.call(programs.owner, "POST", path, body)["version"]
                continue
            with pytest.raises(HTTPError):
                programs.call(programs.owner, "POST", path, body)
        frail.wait_for_death()
        frail.wanted = ()
        frail.start()
        assert len(logged(programs)) == UNTIL_DEATH + 1, "it was committed, whatever its author was told"
        again = programs.call(programs.owner, "POST", path, body)
        assert again == {"version": UNTIL_DEATH + 1, "results": [{"version": UNTIL_DEATH + 1}]}
        assert answers == {seq: seq + 1 for seq in range(1, UNTIL_DEATH)}
        assert frail.verify(programs.flow).returncode == 0


def add(seq: int) -> dict[str, object]:
    """Add a node of its own for each seq."""
    return {"kind": "add_node", "node": {"id": f"n{seq}", "kind": "note", "x": seq, "y": 0}}
