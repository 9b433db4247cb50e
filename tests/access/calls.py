"""Every call of REST, with a body that succeeds, and by whom it does.

The letters of a row stand for the cast, in this order:

    anonymous, stranger | guest viewer, commenter, editor | viewer, commenter, editor, owner
    | team's viewer, member, admin, owner, an editor by a share with another team
    | the owner's tokens: read, write, admin, for this flow alone, for another flow alone | staff, superuser

`y` succeeds; 1 is 401 not_authenticated, 3 is 403 forbidden, 4 is 404 not_found. A GET's row is its HEAD's, too; a
method that has no row is 405 for all.
"""

from collections import defaultdict
from collections.abc import Iterable

from tests.api.conftest import GRAPH

ALL = "yy yyy yyyy yyyyy yyyyy yy"
HARMLESS = "1y yyy yyyy yyyyy yyyyy yy"
ACCOUNT = "1y 333 yyyy yyyyy yyyyy yy"
SIGNED_IN = "1y 333 yyyy yyyyy yyy33 yy"
"""Reads what has no flow."""
WRITERS = "1y 333 yyyy yyyyy 3yy33 yy"
"""Writes what has no flow."""
ADMINS = "1y 333 yyyy yyyyy 33y33 yy"
"""Changes their own rights."""
LOGINS = "1y 333 yyyy yyyyy 33333 yy"
"""Has a login to end."""
MEMBERS = "14 yyy yyyy yyyyy yyyy4 44"
COPIERS = "14 333 yyyy yyyyy 3yy34 44"
"""Makes something of their own of the flow: not for guests, nor for a token of this flow alone."""
EDITORS = "14 33y 33yy 3yyyy 3yyy4 44"
LASTING = "14 333 33yy 3yyyy 3yyy4 44"
"""Editors, but no guests: it would go on when their visit is over."""
RUNNERS = LASTING
"""Editors of a flow whose runs ask a model, but no guests: an owner may allow them."""
RETRIERS = "14 333 33yy 3yyyy 3yy33 44"
"""Editors, by a call that names no flow."""
OWNERS = "14 333 333y 33yy3 33yy4 44"
REMOVERS = "14 333 y33y 33yy3 33yy4 44"
"""Of the viewer: owners, and the viewer."""
UNDELETERS = "14 444 444y 44yy4 34yy4 44"
NOBODY = "14 333 4444 44444 34433 44"
"""The template of these tests is the product's, which nobody changes."""
NOBODY_DELETES = "14 333 4444 44444 33433 44"
JOB_READER = "14 444 44y4 44444 44444 44"
"""Whose job it is: the editor's."""
JOB_OWNER = "14 444 44y4 44444 34444 44"
TEAM = "14 333 444y yyyy4 yyy33 44"
TEAM_READERS = "14 333 444y 33yy4 yyy33 44"
TEAM_WRITERS = "14 333 444y 33yy4 3yy33 44"
TEAM_ADMINS = "14 333 444y 33yy4 33y33 44"
TEAM_LEAVERS = "14 333 444y y3yy4 33y33 44"
"""Of the team's viewer: admins, and the viewer."""
TEAM_OWNERS = "14 333 444y 333y4 33y33 44"
TOKEN_OWNER = "14 333 444y 44444 33y33 44"
STAFF = "13 333 3333 33333 33333 yy"

NEW = {"email": "new@example.com", "password": "purple stapler", "name": "New"}
FILE = b'{"title": "New", "nodes": [{"id": "a", "kind": "agent", "x": 0, "y": 0}]}'
MOVE = {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]}
PROVIDER = {"title": "Acme", "dialect": "openai", "base_url": "https://api.example.com/v1", "models": ["m"]}
TOOL_SERVER = {"title": "Calendar", "url": "https://tools.example.com/mcp"}
FLOW = "/flows/{flow_id}"

CALLS: dict[tuple[str, str], tuple[object, int, str]] = {
    # (method, path): (body, status of success, row)
    ("post", "/auth/register"): (NEW, 201, ALL),
    ("post", "/auth/token"): ({"email": "alice@example.com", "password": "correct horse"}, 200, ALL),
    ("post", "/auth/token/refresh"): ({"refresh": "{refresh}"}, 200, ALL),
    ("get", "/me"): (None, 200, ACCOUNT),
    ("patch", "/me"): ({"name": "Nobody else"}, 200, ADMINS),
    ("delete", "/me"): ({"password": "correct horse"}, 204, ADMINS),
    ("post", "/auth/logout"): ({}, 204, LOGINS),
    ("get", "/me/logins"): (None, 200, SIGNED_IN),
    ("delete", "/me/logins/{login_id}"): (None, 204, ADMINS),
    ("get", "/flows"): (None, 200, SIGNED_IN),
    ("post", "/flows"): ({"title": "New"}, 201, WRITERS),
    ("get", FLOW): (None, 200, MEMBERS),
    ("patch", FLOW): ({"title": "Renamed"}, 200, EDITORS),
    ("delete", FLOW): (None, 204, OWNERS),
    ("post", f"{FLOW}/undelete"): (None, 200, UNDELETERS),
    ("put", f"{FLOW}/graph"): ({"version": 1, **GRAPH}, 200, EDITORS),
    ("post", f"{FLOW}/operations"): (MOVE, 200, EDITORS),
    ("post", f"{FLOW}/undo"): (None, 200, EDITORS),
    ("post", f"{FLOW}/redo"): ({}, 200, EDITORS),
    ("get", f"{FLOW}/changes"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/replaced"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/problems"): (None, 200, MEMBERS),
    ("post", "/validate"): (GRAPH, 200, HARMLESS),
    ("post", f"{FLOW}/duplicate"): ({}, 201, COPIERS),
    ("post", "/flows/import"): (FILE, 201, WRITERS),
    ("post", f"{FLOW}/import"): (FILE, 200, EDITORS),
    ("get", f"{FLOW}/export?format=yaml"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/webhooks"): (None, 200, OWNERS),
    ("post", f"{FLOW}/webhooks"): ({"url": "https://example.com/", "events": ["changed"]}, 201, OWNERS),
    ("patch", f"{FLOW}/webhooks/{{webhook_id}}"): ({"enabled": False}, 200, OWNERS),
    ("delete", f"{FLOW}/webhooks/{{webhook_id}}"): (None, 204, OWNERS),
    ("get", f"{FLOW}/webhooks/{{webhook_id}}/deliveries"): (None, 200, OWNERS),
    ("post", f"{FLOW}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/resend"): (None, 200, OWNERS),
    ("get", f"{FLOW}/secrets"): (None, 200, OWNERS),
    ("put", f"{FLOW}/secrets/{{name}}"): ({"value": "swordfish"}, 200, OWNERS),
    ("delete", f"{FLOW}/secrets/{{name}}"): (None, 204, OWNERS),
    ("get", f"{FLOW}/triggers"): (None, 200, OWNERS),
    ("post", f"{FLOW}/triggers"): ({"node": "s"}, 201, OWNERS),
    ("patch", f"{FLOW}/triggers/{{trigger_id}}"): ({"enabled": False}, 200, OWNERS),
    ("delete", f"{FLOW}/triggers/{{trigger_id}}"): (None, 204, OWNERS),
    ("get", f"{FLOW}/notifications"): (None, 200, EDITORS),
    ("put", f"{FLOW}/notifications"): ({"rules": []}, 200, LASTING),
    ("get", f"{FLOW}/notifications/deliveries"): (None, 200, EDITORS),
    ("post", f"{FLOW}/notifications/deliveries/{{delivery_id}}/resend"): (None, 200, LASTING),
    ("get", "/notifications"): (None, 200, SIGNED_IN),
    ("post", "/notifications/read"): ({}, 200, WRITERS),
    ("post", f"{FLOW}/runs"): ({}, 201, RUNNERS),
    ("get", f"{FLOW}/runs"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/tasks"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/tasks/{task_id}"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/tasks/{task_id}/attempts"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/tasks/{task_id}/checkpoints"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/events"): (None, 200, MEMBERS),
    ("get", "/runs/{run_id}/values/{hash}"): (None, 200, MEMBERS),
    ("post", "/runs/{run_id}/cancel"): (None, 200, EDITORS),
    ("post", "/runs/{run_id}/pause"): (None, 200, EDITORS),
    ("post", "/runs/{run_id}/resume"): (None, 200, RUNNERS),
    ("post", "/runs/{run_id}/retry"): (None, 200, RUNNERS),
    ("post", "/runs/{run_id}/again"): ({}, 201, RUNNERS),
    ("post", "/runs/{run_id}/tasks/{task_id}/roll_back"): ({"checkpoint": 1}, 200, RUNNERS),
    ("post", "/runs/{run_id}/tasks/{task_id}/answer"): ({"value": True}, 200, RUNNERS),
    ("get", "/questions"): (None, 200, SIGNED_IN),
    ("get", "/dead-letters"): (None, 200, SIGNED_IN),
    ("post", "/dead-letters/retry"): ({"tasks": ["{task_id}"]}, 200, RETRIERS),
    ("get", "/actions"): (None, 200, HARMLESS),
    ("post", f"{FLOW}/actions/{{action}}"): ({"node": "n1"}, 200, EDITORS),
    ("get", "/jobs/{job_id}"): (None, 200, JOB_READER),
    ("delete", "/jobs/{job_id}"): (None, 204, JOB_OWNER),
    ("get", f"{FLOW}/members"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/members"): ({"email": "charlie@example.com", "role": "viewer"}, 201, OWNERS),
    ("patch", f"{FLOW}/members/{{member_id}}"): ({"role": "commenter"}, 200, OWNERS),
    ("delete", f"{FLOW}/members/{{member_id}}"): (None, 204, REMOVERS),
    ("post", f"{FLOW}/transfer"): ({"email": "charlie@example.com"}, 200, OWNERS),
    ("get", f"{FLOW}/links"): (None, 200, OWNERS),
    ("post", f"{FLOW}/links"): ({"role": "viewer"}, 201, OWNERS),
    ("patch", f"{FLOW}/links/{{link_id}}"): ({"active": False}, 200, OWNERS),
    ("delete", f"{FLOW}/links/{{link_id}}"): (None, 204, OWNERS),
    ("post", "/links/{secret}/enter"): ({"name": "Gus"}, 200, ALL),
    ("get", f"{FLOW}/session"): (None, 200, MEMBERS),
    ("get", "/templates"): (None, 200, SIGNED_IN),
    ("get", "/templates/{template_id}"): (None, 200, SIGNED_IN),
    ("post", "/templates/{template_id}/instantiate"): ({}, 201, WRITERS),
    ("patch", "/templates/{template_id}"): ({"title": "New"}, 200, NOBODY),
    ("delete", "/templates/{template_id}"): (None, 204, NOBODY_DELETES),
    ("post", f"{FLOW}/template"): ({"title": "Ours"}, 201, COPIERS),
    ("get", f"{FLOW}/template"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/template/follow"): (None, 200, EDITORS),
    ("get", "/teams"): (None, 200, SIGNED_IN),
    ("post", "/teams"): ({"name": "Hall"}, 201, WRITERS),
    ("get", "/teams/{team_id}"): (None, 200, TEAM),
    ("patch", "/teams/{team_id}"): ({"name": "Hall"}, 200, TEAM_WRITERS),
    ("delete", "/teams/{team_id}"): (None, 204, TEAM_OWNERS),
    ("get", "/teams/{team_id}/members"): (None, 200, TEAM),
    ("post", "/teams/{team_id}/members"): ({"email": "charlie@example.com", "role": "viewer"}, 201, TEAM_ADMINS),
    ("patch", "/teams/{team_id}/members/{user_id}"): ({"role": "member"}, 200, TEAM_ADMINS),
    ("delete", "/teams/{team_id}/members/{user_id}"): (None, 204, TEAM_LEAVERS),
    ("get", "/teams/{team_id}/invitations"): (None, 200, TEAM_READERS),
    ("post", "/teams/{team_id}/invitations"): ({"email": "new@example.com", "role": "viewer"}, 201, TEAM_ADMINS),
    ("delete", "/teams/{team_id}/invitations/{invitation_id}"): (None, 204, TEAM_ADMINS),
    ("get", "/teams/{team_id}/secrets"): (None, 200, TEAM_ADMINS),
    ("put", "/teams/{team_id}/secrets/{name}"): ({"value": "swordfish"}, 200, TEAM_ADMINS),
    ("delete", "/teams/{team_id}/secrets/{name}"): (None, 204, TEAM_ADMINS),
    ("get", "/tokens"): (None, 200, ADMINS),
    ("post", "/tokens"): ({"name": "CI", "scopes": ["read"]}, 201, ADMINS),
    ("delete", "/tokens/{token_id}"): (None, 204, TOKEN_OWNER),
    ("get", "/audit"): (None, 200, STAFF),
    ("get", f"{FLOW}/audit"): (None, 200, OWNERS),
    ("get", "/sessions"): (None, 200, STAFF),
    ("get", "/flow-tools"): (None, 200, SIGNED_IN),
    ("get", "/providers"): (None, 200, SIGNED_IN),
    ("put", "/providers/{provider_id}"): (PROVIDER, 200, STAFF),
    ("delete", "/providers/{provider_id}"): (None, 204, STAFF),
    ("get", "/tool-servers"): (None, 200, SIGNED_IN),
    ("get", "/tool-servers/{server_id}"): (None, 200, SIGNED_IN),
    ("put", "/tool-servers/{server_id}"): (TOOL_SERVER, 200, STAFF),
    ("delete", "/tool-servers/{server_id}"): (None, 204, STAFF),
    ("get", "/workers"): (None, 200, STAFF),
    ("post", "/workers/{worker_id}/drain"): (None, 200, STAFF),
}

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


def methods_in(table: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the methods of each address in a table; where there is a GET there is a HEAD."""
    found = defaultdict[str, set[str]](set)
    for method, address in table:
        found[address.partition("?")[0]] |= {"get", "head"} if method == "get" else {method}
    return found
