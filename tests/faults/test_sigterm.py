"""A process that is told to end: whatever it committed it has answered, and everybody hears when to come back."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.frail import Author, logged
from tests.programs import Programs
from tests.servers import Server


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_what_was_begun_is_answered_and_the_rest_is_sent_again(tmp_path: Path, kind: str) -> None:
    with Server(data_dir=tmp_path / "data", server=kind) as server:
        programs = Programs(server)
        authors = [Author(programs) for _ in range(5)]
        for author in authors:
            await author.come(server.socket_url)
            await author.send(30)
        await authors[0].client.answer(1)
        ending = asyncio.create_task(asyncio.to_thread(server.terminate))
        codes = await asyncio.gather(*(author.client.closed() for author in authors))
        assert codes == [4412] * len(authors)
        for author in authors:
            author.note()
        assert await ending == 0
        server.start()
        answered = {author.node(seq): version for author in authors for seq, version in author.acked.items()}
        made = {entry["node"]["id"]: version for version, entry in logged(programs).items() if version > 1}
        assert made == answered
        for author in authors:
            await author.come(server.socket_url)
            await author.send_again()
        assert len(logged(programs)) == 151
