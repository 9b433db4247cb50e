"""A method that an address does not have, over both servers as they run: 405 with those that it has, never 500."""

import re

import httpx
import pytest

from tests.access.calls import CALLS, METHODS, methods_in
from tests.access.pages import PAGES
from tests.servers import Server

MORE = ("brew",)
"""A word that nobody has heard of."""
TOKEN = "t" * 32
FROM_OUR_PAGE = {"X-CSRFToken": TOKEN, "Cookie": f"csrftoken={TOKEN}"}
"""What a form of ours sends along: without it, the answer would be 403."""
IDS = {"content_type_id": "1", "object_id": "1", "user_id": "1", "token_id": "1", "invitation_id": "1", "pk": "1"}


@pytest.mark.parametrize("which", [0, 1], ids=["daphne", "uvicorn"])
def test_a_method_that_an_address_does_not_have(two_servers: tuple[Server, Server], which: int) -> None:
    pages = {address: taken for table in PAGES.values() for address, taken in methods_in(table).items()}
    calls = {f"/api/v1{address}": taken for address, taken in methods_in(CALLS).items()}
    found = {}
    with httpx.Client(base_url=two_servers[which].url, headers=FROM_OUR_PAGE) as client:
        for address, taken in (pages | calls | {"/api/graphql": {"post"}, "/mcp": {"post"}}).items():
            for method in (one for one in (*METHODS, *MORE) if one not in taken):
                response = client.request(method.upper(), filled(address))
                answered = response.status_code, set(response.headers.get("allow", "").split(", "))
                # uvicorn's parser takes only words that it knows
                is_unreadable = which == 1 and method in MORE and answered[0] == 400
                if answered != (405, {one.upper() for one in taken}) and not is_unreadable:
                    found[method, address] = answered
    assert found == {}


def filled(address: str) -> str:
    """Return an address with something of the right form in each place; who asks is told before it is looked up."""
    return re.sub(r"\{(\w+)\}", lambda name: IDS.get(name[1], "00000000-0000-0000-0000-000000000000"), address)
