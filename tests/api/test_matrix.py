"""Every call by everybody. A call that is missing here fails the last test."""

from collections.abc import Callable
from typing import Any

import pytest

from flows.models import Flow, Membership
from helix.api import api
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db

Row = tuple[int, int, int, int, int, int, int]
CAST = ("anonymous", "stranger", "viewer", "commenter", "editor", "owner", "staff")

ALL: Row = (200, 200, 200, 200, 200, 200, 200)
SIGNED_IN: Row = (401, 200, 200, 200, 200, 200, 200)
MEMBERS: Row = (401, 404, 200, 200, 200, 200, 404)
EDITORS: Row = (401, 404, 403, 403, 200, 200, 404)
OWNERS: Row = (401, 404, 403, 403, 403, 200, 404)
REMOVERS: Row = (401, 404, 200, 403, 403, 200, 404)
"""Of the viewer: owners, and the viewer."""
STAFF: Row = (401, 403, 403, 403, 403, 403, 200)

NEW = {"email": "new@example.com", "password": "purple stapler", "name": "New"}
MOVE = {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]}
FLOW = "/flows/{flow_id}"

MATRIX: dict[tuple[str, str], tuple[object, int, Row]] = {
    # (method, path): (body, status of success, who succeeds)
    ("post", "/auth/register"): (NEW, 201, ALL),
    ("post", "/auth/token"): ({"email": "alice@example.com", "password": "correct horse"}, 200, ALL),
    ("post", "/auth/token/refresh"): ({"refresh": "{refresh}"}, 200, ALL),
    ("get", "/me"): (None, 200, SIGNED_IN),
    ("get", "/flows"): (None, 200, SIGNED_IN),
    ("post", "/flows"): ({"title": "New"}, 201, SIGNED_IN),
    ("get", FLOW): (None, 200, MEMBERS),
    ("patch", FLOW): ({"title": "Renamed"}, 200, EDITORS),
    ("delete", FLOW): (None, 204, OWNERS),
    ("put", f"{FLOW}/graph"): ({"version": 1, **GRAPH}, 200, EDITORS),
    ("post", f"{FLOW}/operations"): (MOVE, 200, EDITORS),
    ("post", f"{FLOW}/undo"): (None, 200, EDITORS),
    ("post", f"{FLOW}/redo"): ({}, 200, EDITORS),
    ("get", f"{FLOW}/changes"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/replaced"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/duplicate"): ({}, 201, MEMBERS),
    ("get", f"{FLOW}/members"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/members"): ({"email": "charlie@example.com", "role": "viewer"}, 201, OWNERS),
    ("patch", f"{FLOW}/members/{{user_id}}"): ({"role": "commenter"}, 200, OWNERS),
    ("delete", f"{FLOW}/members/{{user_id}}"): (None, 204, REMOVERS),
    ("get", f"{FLOW}/session"): (None, 200, MEMBERS),
    ("get", "/sessions"): (None, 200, STAFF),
}
EARLIER = {  # what the caller does before, for there to be something to take back
    ("post", f"{FLOW}/undo"): [(f"{FLOW}/operations", MOVE)],
    ("post", f"{FLOW}/redo"): [(f"{FLOW}/operations", MOVE), (f"{FLOW}/undo", None)],
}
CODES = {401: "not_authenticated", 403: "forbidden", 404: "not_found"}


@pytest.fixture
def cast(
    nobody: Program, as_charlie: Program, as_vera: Program, as_bob: Program, as_alice: Program, as_dora: Program
) -> dict[str, Program]:
    from tests.conftest import person

    commenter = Program(person("cora"))
    return dict(zip(CAST, (nobody, as_charlie, as_vera, commenter, as_bob, as_alice, as_dora), strict=True))


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize(("method", "path"), MATRIX)
def test_every_call_by_everybody(
    method: str,
    path: str,
    who: str,
    cast: dict[str, Program],
    flow: Flow,
    refused: Callable[..., Any],
) -> None:
    from accounts import tokens

    body, success, row = MATRIX[method, path]
    Membership.objects.create(flow=flow, user=cast["commenter"].user, role="commenter", colour=3)
    address = path.format(flow_id=flow.pk, user_id=cast["viewer"].user.pk)  # type: ignore[union-attr]
    if body == {"refresh": "{refresh}"}:
        body = {"refresh": tokens.issue(cast["owner"].user).refresh}  # type: ignore[arg-type]
    for earlier, asked in EARLIER.get((method, path), ()):
        cast[who].post(earlier.format(flow_id=flow.pk), asked)
    expected = row[CAST.index(who)]

    response = cast[who].call(method, address, body)

    if expected == 200:
        assert response.status_code == success, response.content
    else:
        refused(response, expected, CODES[expected])


@pytest.mark.parametrize(("method", "path"), [call for call in MATRIX if "{flow_id}" in call[1]])
def test_a_deleted_flow_is_not_found_by_anybody(
    method: str, path: str, cast: dict[str, Program], flow: Flow, refused: Callable[..., Any]
) -> None:
    address = path.format(flow_id=flow.pk, user_id=cast["viewer"].user.pk)  # type: ignore[union-attr]
    assert cast["owner"].delete(f"/flows/{flow.pk}").status_code == 204

    for who in ("stranger", "viewer", "editor", "owner", "staff"):
        refused(cast[who].call(method, address, MATRIX[method, path][0]), 404, "not_found")


def test_no_call_is_missing_here() -> None:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    calls = {(method, "/" + path.lstrip("/")) for path, methods in paths.items() for method in methods}

    assert calls == set(MATRIX)
