"""Every page and every other address that is no call, with a form that succeeds, and by whom it does.

The letters of a row stand for the cast, in the order of `calls`. All come with a browser's session; guests with one
that visits the flow, and tokens with none, for a page takes no token.

`y` succeeds; l is led to the login page, h is led home for being logged in already, p is asked for the password again,
f is shown a form first; 3 is 403, 4 is 404. A GET's row is its HEAD's, too; a method that has no row is 405 for all.
"""

ALL = "yy yyy yyyy yyyyy yyyyy yy"
PEOPLE = "ly lll yyyy yyyyy lllll yy"
LOGGED_OUT = "yh yyy hhhh hhhhh yyyyy hh"
NOWHERE = "44 444 4444 44444 44444 44"
"""There is no demo and no provider where there is no setting for it, and no worker without stored files."""
STAGES = "lh lll hhhh hhhhh lllll hh"
"""Between two steps of a login, which nobody here is in."""
FACTORLESS = "lp lll pppp ppppp lllll pp"
"""Nobody has a second factor to prove."""
FACTORS = "l4 lll 444y 44444 lllll 44"
"""The owner has second factors, and nobody else."""
TO_LOGIN = "ll lll llll lllll lllll ll"
MEMBERS = "l4 yyy yyyy yyyyy lllll 44"
LEAVERS = "l4 lll yyyy yyyyy lllll 44"
"""A guest's visit ends, which leads to the login page."""
COPIERS = "l4 333 yyyy yyyyy lllll 44"
EDITORS = "l4 33y 33yy 3yyyy lllll 44"
RUNNERS = "l4 333 33yy 3yyyy lllll 44"
"""Editors otherwise than by a link: what they start or keep reaches out."""
OWNERS = "l4 333 333y 33yy3 lllll 44"
KEEPERS = "l4 333 333y 33333 lllll 44"
"""Who owns it only through its team does not take it out of that."""
REMOVERS = "l4 333 y33y 33yy3 lllll 44"
"""Of the viewer: owners, and the viewer."""
UNDELETERS = "l4 lll 444y 44yy4 lllll 44"
TEAM = "l4 lll 444y yyyy4 lllll 44"
TEAM_ADMINS = "l4 lll 444y 33yy4 lllll 44"
TEAM_LEAVERS = "l4 lll 444y y3yy4 lllll 44"
TEAM_OWNERS = "l4 lll 444y 333y4 lllll 44"
TOKEN_OWNER = "l4 lll 444y 44444 lllll 44"
TEMPLATE_OWNER = "l4 lll 444y 44444 lllll 44"
NOBODY = "l4 lll 4444 44444 lllll 44"
INVITED = "fy fff 3333 33333 fffff 33"
"""The stranger's address is the invited one."""
INVITED_TO_TEAM = "ly lll 3333 33333 lllll 33"
RETRIERS = "l4 lll 33yy 3yyyy lllll 44"
STAFF = "l3 lll 3333 33333 lllll yy"
ADMINS = "ll lll llll lllll lllll yy"
NO_STAFF = "ll lll llll lllll lllll 33"
SUPERUSER = "ll lll llll lllll lllll 3y"
METRICS = "33 333 3333 33333 33333 yy"

FLOW, RUN, TEAM_PAGE = "/flows/{flow_id}", "/flows/{flow_id}/runs/{run_id}", "/teams/{team_id}"
PASSWORD = {"password": "correct horse"}
NEW = {"email": "new@example.com", "password": "purple stapler", "name": "New"}
Form = dict[str, str] | str | None
Row = tuple[Form, int, str]

FLOWS: dict[tuple[str, str], Row] = {
    # (method, address): (form, status of success, row)
    ("get", "/"): (None, 200, PEOPLE),
    ("post", "/flows/"): ({"title": "New"}, 302, PEOPLE),
    ("get", "/flows/inspectors"): (None, 200, PEOPLE),
    ("get", f"{FLOW}/"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/layout.css"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/canvas"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/outline"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/inspector"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/inspector"): ({"node": "n1", "label": "Other"}, 302, EDITORS),
    ("get", f"{FLOW}/offers"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/preview"): ('{{"node": "n1", "text": "1", "language": "condition"}}', 200, MEMBERS),
    ("get", f"{FLOW}/members"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/members"): ({"person": "charlie@example.com", "role": "viewer"}, 302, OWNERS),
    ("post", f"{FLOW}/members/{{member_id}}"): ({"role": "commenter"}, 302, OWNERS),
    ("post", f"{FLOW}/members/{{member_id}}?remove"): ({"remove": "1"}, 302, REMOVERS),
    ("post", f"{FLOW}/transfer"): ({"person": "{editor_id}"}, 302, OWNERS),
    ("post", f"{FLOW}/viewer-rights"): ({"can_export": "on"}, 302, OWNERS),
    ("post", f"{FLOW}/team"): ({"team": ""}, 302, KEEPERS),
    ("post", f"{FLOW}/links"): ({"role": "viewer"}, 302, OWNERS),
    ("post", f"{FLOW}/links/{{link_id}}"): ({"switch": "1"}, 302, OWNERS),
    ("post", f"{FLOW}/links/{{link_id}}?remove"): ({"remove": "1"}, 302, OWNERS),
    ("post", f"{FLOW}/leave"): ({}, 302, LEAVERS),
    ("get", f"{FLOW}/join"): (None, 302, PEOPLE),
    ("post", f"{FLOW}/join"): ({}, 302, PEOPLE),
    ("get", f"{FLOW}/audit/"): (None, 200, OWNERS),
    ("get", f"{FLOW}/rename"): (None, 200, EDITORS),
    ("post", f"{FLOW}/rename"): ({"title": "Renamed"}, 302, EDITORS),
    ("post", f"{FLOW}/duplicate"): ({}, 302, COPIERS),
    ("get", f"{FLOW}/export"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/save-template"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/save-template"): ({"title": "Ours"}, 302, COPIERS),
    ("get", f"{FLOW}/template"): (None, 200, MEMBERS),
    ("post", f"{FLOW}/template"): ({}, 302, EDITORS),
    ("post", f"{FLOW}/delete"): ({}, 302, OWNERS),
    ("post", f"{FLOW}/restore"): ({}, 302, UNDELETERS),
    ("get", f"{FLOW}/purge"): (None, 200, UNDELETERS),
    ("post", f"{FLOW}/purge"): ({}, 302, UNDELETERS),
    ("post", f"{FLOW}/star"): ({"starred": "true"}, 302, COPIERS),
    ("get", "/s/{secret}"): (None, 302, "fy fff yyyy yyyyy fffff yy"),
    ("post", "/s/{secret}"): ({"name": "Gus"}, 302, ALL),
    ("get", "/invitations/{invitation}/"): (None, 200, ALL),
    ("post", "/invitations/{invitation}/"): ({}, 302, INVITED),
    ("get", "/worker.js"): (None, 200, NOWHERE),
    ("get", "/offline/"): (None, 200, ALL),
}

TEMPLATES: dict[tuple[str, str], Row] = {
    ("get", "/templates/"): (None, 200, PEOPLE),
    ("get", "/templates/?flow={flow_id}"): (None, 200, "l4 lll 33yy 3yyyy lllll 44"),
    ("get", "/templates/{template_id}/"): (None, 200, PEOPLE),
    ("get", "/templates/{own_template}/"): (None, 200, TEMPLATE_OWNER),
    ("post", "/templates/{template_id}/"): ({}, 302, PEOPLE),
    ("post", "/templates/{own_template}/"): ({}, 302, TEMPLATE_OWNER),
    ("post", "/templates/{template_id}/delete"): ({}, 302, NOBODY),
    ("post", "/templates/{own_template}/delete"): ({}, 302, TEMPLATE_OWNER),
}

RUNS: dict[tuple[str, str], Row] = {
    ("get", f"{FLOW}/runs/"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/runs/list"): (None, 200, MEMBERS),
    ("get", f"{FLOW}/runs/start"): (None, 200, RUNNERS),
    ("post", f"{FLOW}/runs/start"): ({}, 302, RUNNERS),
    ("get", f"{RUN}/"): (None, 200, MEMBERS),
    ("get", f"{RUN}/layout.css"): (None, 200, MEMBERS),
    ("get", f"{RUN}/drawer"): (None, 200, MEMBERS),
    ("get", f"{RUN}/nodes/{{node_id}}"): (None, 200, MEMBERS),
    ("post", f"{RUN}/steer"): ({"do": "cancel"}, 204, EDITORS),
    ("post", f"{RUN}/answer"): ({"task": "{task_id}"}, 302, RUNNERS),
    ("get", f"{FLOW}/secrets/"): (None, 200, OWNERS),
    ("post", f"{FLOW}/secrets/"): ({"name": "KEY", "value": "x"}, 302, OWNERS),
    ("get", f"{FLOW}/notifications/"): (None, 200, RUNNERS),
    ("post", f"{FLOW}/notifications/"): ({"action": "remove", "rule": ""}, 302, RUNNERS),
    ("get", "/notifications/"): (None, 200, PEOPLE),
    ("post", "/notifications/"): ({"action": "read"}, 302, PEOPLE),
    ("get", f"{FLOW}/triggers/"): (None, 200, OWNERS),
    ("post", f"{FLOW}/triggers/"): ({"action": "disable", "trigger": "{trigger_id}"}, 302, OWNERS),
    ("get", "/questions/"): (None, 200, PEOPLE),
    ("get", "/dead-letters/"): (None, 200, PEOPLE),
    ("post", "/dead-letters/"): ({"task": "{dead_task}"}, 302, RETRIERS),
    ("get", "/workers/"): (None, 200, STAFF),
    ("post", "/hooks/{hook}"): ("{{}}", 202, ALL),
}

TEAMS: dict[tuple[str, str], Row] = {
    ("get", "/teams/"): (None, 200, PEOPLE),
    ("post", "/teams/"): ({"name": "Hall"}, 302, PEOPLE),
    ("get", f"{TEAM_PAGE}/"): (None, 200, TEAM),
    ("post", f"{TEAM_PAGE}/"): ({"name": "Hall"}, 302, TEAM_ADMINS),
    ("post", f"{TEAM_PAGE}/delete"): ({}, 302, TEAM_OWNERS),
    ("post", f"{TEAM_PAGE}/members"): ({"email": "charlie@example.com", "role": "viewer"}, 302, TEAM_ADMINS),
    ("post", f"{TEAM_PAGE}/members/{{user_id}}"): ({"role": "member"}, 302, TEAM_ADMINS),
    ("post", f"{TEAM_PAGE}/members/{{user_id}}?remove"): ({"remove": "1"}, 302, TEAM_LEAVERS),
    ("post", f"{TEAM_PAGE}/invitations/{{invitation_id}}"): ({}, 302, TEAM_ADMINS),
    ("get", "/teams/invitations/{team_invitation}/"): (None, 200, PEOPLE),
    ("post", "/teams/invitations/{team_invitation}/"): ({}, 302, INVITED_TO_TEAM),
    ("get", f"{TEAM_PAGE}/secrets/"): (None, 200, TEAM_ADMINS),
    ("post", f"{TEAM_PAGE}/secrets/"): ({"name": "KEY", "value": "x"}, 302, TEAM_ADMINS),
}

ACCOUNTS: dict[tuple[str, str], Row] = {
    ("get", "/login/"): (None, 200, STAGES),
    ("post", "/login/"): ({"email": "alice@example.com", **PASSWORD}, 302, ALL),
    ("post", "/login/demo/"): ({"user": "alice"}, 302, NOWHERE),
    ("get", "/register/"): (None, 302, ALL),
    ("post", "/register/"): (NEW, 302, ALL),
    ("post", "/logout/"): ({}, 302, TO_LOGIN),
    ("get", "/accounts/"): (None, 200, PEOPLE),
    ("post", "/accounts/"): ({"name": "Nobody else", "colour": "1"}, 302, PEOPLE),
    ("get", "/accounts/email/"): (None, 200, PEOPLE),
    ("post", "/accounts/email/"): ({"email": "other@example.com"}, 302, PEOPLE),
    ("get", "/accounts/sessions/"): (None, 200, PEOPLE),
    ("post", "/accounts/sessions/"): ({"end": "others"}, 302, PEOPLE),
    ("post", "/accounts/tokens/revoke/"): ({}, 302, PEOPLE),
    ("post", "/accounts/export/"): ({}, 200, PEOPLE),
    ("get", "/accounts/delete/"): (None, 200, PEOPLE),
    ("post", "/accounts/delete/"): (PASSWORD, 302, PEOPLE),
    ("get", "/tokens/"): (None, 200, PEOPLE),
    ("post", "/tokens/"): ({"name": "CI", "scope": "read", "life": "30"}, 200, PEOPLE),
    ("post", "/tokens/revoke"): ({}, 302, PEOPLE),
    ("post", "/tokens/{token_id}/revoke"): ({}, 302, TOKEN_OWNER),
}

LIBRARY: dict[tuple[str, str], Row] = {
    ("get", "/accounts/login/"): (None, 200, LOGGED_OUT),
    ("post", "/accounts/login/"): ({"login": "alice@example.com", **PASSWORD}, 302, ALL),
    ("get", "/accounts/signup/"): (None, 200, LOGGED_OUT),
    ("post", "/accounts/signup/"): (NEW, 302, ALL),
    ("get", "/accounts/logout/"): (None, 200, PEOPLE),
    ("post", "/accounts/logout/"): ({}, 302, TO_LOGIN),
    ("get", "/accounts/inactive/"): (None, 200, ALL),
    ("get", "/accounts/reauthenticate/"): (None, 200, PEOPLE),
    ("post", "/accounts/reauthenticate/"): (PASSWORD, 302, PEOPLE),
    ("get", "/accounts/confirm-email/"): (None, 200, ALL),
    ("get", "/accounts/confirm-email/{key}/"): (None, 200, ALL),
    ("post", "/accounts/confirm-email/{key}/"): ({}, 302, "ll lll llly lllll lllll ll"),
    ("get", "/accounts/password/change/"): (None, 200, PEOPLE),
    ("post", "/accounts/password/change/"): (
        {"oldpassword": "correct horse", "password1": "purple stapler", "password2": "purple stapler"},
        302,
        PEOPLE,
    ),
    ("get", "/accounts/password/set/"): (None, 302, PEOPLE),
    ("post", "/accounts/password/set/"): ({}, 302, PEOPLE),
    ("get", "/accounts/password/reset/"): (None, 200, ALL),
    ("post", "/accounts/password/reset/"): ({"email": "alice@example.com"}, 302, ALL),
    ("get", "/accounts/password/reset/done/"): (None, 200, ALL),
    ("get", "/accounts/password/reset/key/done/"): (None, 200, ALL),
    ("get", "/accounts/password/reset/key/{uidb36}-{reset}/"): (None, 302, ALL),
    ("post", "/accounts/password/reset/key/{uidb36}-{reset}/"): ({}, 302, ALL),
    ("get", "/accounts/login/code/confirm/"): (None, 200, STAGES),
    ("post", "/accounts/login/code/confirm/"): ({}, 200, STAGES),
    ("get", "/accounts/2fa/"): (None, 200, PEOPLE),
    ("get", "/accounts/2fa/authenticate/"): (None, 200, STAGES),
    ("post", "/accounts/2fa/authenticate/"): ({}, 200, STAGES),
    ("get", "/accounts/2fa/reauthenticate/"): (None, 200, FACTORLESS),
    ("post", "/accounts/2fa/reauthenticate/"): ({}, 302, FACTORLESS),
    ("get", "/accounts/2fa/totp/activate/"): (None, 200, PEOPLE),
    ("post", "/accounts/2fa/totp/activate/"): ({}, 200, PEOPLE),
    ("get", "/accounts/2fa/totp/deactivate/"): (None, 200, FACTORS),
    ("post", "/accounts/2fa/totp/deactivate/"): ({}, 302, FACTORS),
    ("get", "/accounts/2fa/recovery-codes/"): (None, 200, FACTORS),
    ("get", "/accounts/2fa/recovery-codes/generate/"): (None, 200, PEOPLE),
    ("post", "/accounts/2fa/recovery-codes/generate/"): ({}, 302, "lf lll fffy fffff lllll ff"),
    ("get", "/accounts/2fa/recovery-codes/download/"): (None, 200, FACTORS),
    ("get", "/accounts/2fa/webauthn/"): (None, 200, PEOPLE),
    ("get", "/accounts/2fa/webauthn/add/"): (None, 200, PEOPLE),
    ("post", "/accounts/2fa/webauthn/add/"): ({}, 200, PEOPLE),
    ("get", "/accounts/2fa/webauthn/reauthenticate/"): (None, 200, FACTORLESS),
    ("post", "/accounts/2fa/webauthn/reauthenticate/"): ({}, 302, FACTORLESS),
    ("get", "/accounts/2fa/webauthn/login/"): (None, 200, TO_LOGIN),
    ("post", "/accounts/2fa/webauthn/login/"): ({}, 200, TO_LOGIN),
    ("get", "/accounts/2fa/webauthn/keys/{pk}/remove/"): (None, 200, FACTORS),
    ("post", "/accounts/2fa/webauthn/keys/{pk}/remove/"): ({}, 302, FACTORS),
    ("get", "/accounts/2fa/webauthn/keys/{pk}/edit/"): (None, 200, FACTORS),
    ("post", "/accounts/2fa/webauthn/keys/{pk}/edit/"): ({"name": "Other"}, 302, FACTORS),
    ("get", "/accounts/3rdparty/"): (None, 200, PEOPLE),
    ("post", "/accounts/3rdparty/"): ({}, 200, PEOPLE),
    ("get", "/accounts/3rdparty/login/cancelled/"): (None, 200, ALL),
    ("get", "/accounts/3rdparty/login/error/"): (None, 401, ALL),
    ("get", "/accounts/3rdparty/signup/"): (None, 200, TO_LOGIN),
    ("post", "/accounts/3rdparty/signup/"): ({}, 200, TO_LOGIN),
    ("get", "/accounts/social/login/cancelled/"): (None, 301, ALL),
    ("post", "/accounts/social/login/cancelled/"): ({}, 301, ALL),
    ("get", "/accounts/social/login/error/"): (None, 301, ALL),
    ("post", "/accounts/social/login/error/"): ({}, 301, ALL),
    ("get", "/accounts/social/signup/"): (None, 301, ALL),
    ("post", "/accounts/social/signup/"): ({}, 301, ALL),
    ("get", "/accounts/social/connections/"): (None, 301, ALL),
    ("post", "/accounts/social/connections/"): ({}, 301, ALL),
    ("get", "/accounts/oidc/{provider_id}/login/"): (None, 302, NOWHERE),
    ("post", "/accounts/oidc/{provider_id}/login/"): ({}, 302, NOWHERE),
    ("get", "/accounts/oidc/{provider_id}/login/callback/"): (None, 302, NOWHERE),
    ("post", "/accounts/oidc/{provider_id}/login/callback/"): ({}, 302, NOWHERE),
}

MACHINES: dict[tuple[str, str], Row] = {
    ("get", "/healthz"): (None, 200, ALL),
    ("get", "/readyz"): (None, 200, ALL),
    ("get", "/metrics"): (None, 200, METRICS),
    ("get", "/language/"): (None, 302, ALL),
    ("post", "/language/"): ({"language": "de"}, 302, ALL),
    ("get", "/api/v1/"): (None, 404, ALL),
    ("get", "/api/v1/openapi.json"): (None, 200, ALL),
    ("get", "/api/v1/docs"): (None, 200, ALL),
}

ADMIN: dict[tuple[str, str], Row] = {
    ("get", "/admin/"): (None, 200, ADMINS),
    ("post", "/admin/"): ({}, 200, ADMINS),
    ("get", "/admin/login/"): (None, 302, "l3 lll 3333 33333 lllll yy"),
    ("post", "/admin/login/"): ({}, 200, "l3 lll 3333 33333 lllll yy"),
    ("post", "/admin/logout/"): ({}, 200, "hh hhh hhhh hhhhh hhhhh ll"),
    ("get", "/admin/password_change/"): (None, 200, ADMINS),
    ("post", "/admin/password_change/"): ({}, 200, ADMINS),
    ("get", "/admin/password_change/done/"): (None, 200, ADMINS),
    ("get", "/admin/autocomplete/"): (None, 200, NO_STAFF),
    ("get", "/admin/jsi18n/"): (None, 200, ADMINS),
    ("get", "/admin/r/{content_type_id}/{object_id}/"): (None, 200, "ll lll llll lllll lllll 44"),
    ("get", "/admin/accounts/user/{user_id}/password/"): (None, 200, SUPERUSER),
    ("post", "/admin/accounts/user/{user_id}/password/"): ({}, 200, SUPERUSER),
    ("get", "/admin/accounts/user/{user_id}/help/{what}/"): (None, 200, NO_STAFF),
    ("post", "/admin/accounts/user/{user_id}/help/{what}/"): ({"sure": "yes"}, 302, SUPERUSER),
    ("get", "/admin/flows/flow/{flow_id}/restore/"): (None, 200, NO_STAFF),
    ("post", "/admin/flows/flow/{flow_id}/restore/"): ({}, 302, SUPERUSER),
    ("get", "/admin/flows/flow/purge/"): (None, 200, NO_STAFF),
    ("post", "/admin/flows/flow/purge/"): ({"flow": "{flow_id}", "sure": "yes"}, 302, SUPERUSER),
    ("get", "/admin/live/liveflow/{flow_id}/disconnect/"): (None, 200, NO_STAFF),
    ("post", "/admin/live/liveflow/{flow_id}/disconnect/"): ({"person": "1"}, 302, SUPERUSER),
    ("get", "/admin/{app_label}/"): (None, 200, "ll lll llll lllll lllll 4y"),
    ("post", "/admin/{app_label}/"): ({}, 200, "ll lll llll lllll lllll 4y"),
    ("get", "/admin/{url}"): (None, 404, ADMINS),
    ("post", "/admin/{url}"): ({}, 404, ADMINS),
}

PAGES = {
    "flows": FLOWS,
    "templates": TEMPLATES,
    "runs": RUNS,
    "teams": TEAMS,
    "accounts": ACCOUNTS,
    "library": LIBRARY,
    "machines": MACHINES,
    "admin": ADMIN,
}
ON_HEAD = {
    "/s/{secret}": "ff fff yyyy yyyyy fffff ff",
    "/admin/login/": "l3 lll 3333 33333 lllll ff",
}
"""Where HEAD does not lead on as GET does: it lets nobody in, and the admin leads on from its login by GET alone."""
