"""Every address that shows a page, by its name in the code, filled in for a person, a team and a flow of theirs."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import BrowserContext, Page, Response

from tests.browser.api import Api
from tests.servers import Server

PASSWORD = "purple stapler"
BRANCHES = {"branches": ["old"], "expression": "true"}
NODES: list[dict[str, Any]] = [
    {"id": "ask", "kind": "input", "x": 80, "y": 90, "label": "Ask"},
    {
        "id": "route",
        "kind": "decision",
        "x": 320,
        "y": 80,
        "label": "Route",
        "settings": BRANCHES,
    },
    {"id": "say", "kind": "output", "x": 560, "y": 260, "label": "Say"},
    {"id": "listen", "kind": "sensor", "x": 80, "y": 300, "label": "Listen"},
    {"id": "memo", "kind": "note", "x": 420, "y": 380, "label": "Memo", "settings": {"text": "As it *was*"}},
    {"id": "box", "kind": "group", "x": 40, "y": 460, "label": "Box"},
]
EDGES = [
    {"id": "e1", "source": "ask", "target": "route"},
    {"id": "e2", "source": "route", "target": "say", "source_port": "default", "label": "else"},
]
OUTSIDE = {
    "account_login": "/accounts/login/",
    "account_signup": "/accounts/signup/",
    "account_inactive": "/accounts/inactive/",
    "account_email_verification_sent": "/accounts/confirm-email/",
    "account_confirm_email": "/accounts/confirm-email/unknown/",
    "account_reset_password": "/accounts/password/reset/",
    "account_reset_password_done": "/accounts/password/reset/done/",
    "account_reset_password_from_key": "{reset}",
    "account_reset_password_from_key_done": "/accounts/password/reset/key/done/",
    "socialaccount_login_cancelled": "/accounts/3rdparty/login/cancelled/",
    "socialaccount_login_error": "/accounts/3rdparty/login/error/",
    "flows:enter": "{link}",
}
"""Pages for people who are not logged in."""
ACCOUNT = {
    "account_profile": "/accounts/",
    "account_email": "/accounts/email/",
    "account_change_password": "/accounts/password/change/",
    "account_logout": "/accounts/logout/",
    "account_reauthenticate": "/accounts/reauthenticate/",
    "usersessions_list": "/accounts/sessions/",
    "socialaccount_connections": "/accounts/3rdparty/",
    "mfa_index": "/accounts/2fa/",
    "mfa_activate_totp": "/accounts/2fa/totp/activate/",
    "mfa_list_webauthn": "/accounts/2fa/webauthn/",
    "mfa_add_webauthn": "/accounts/2fa/webauthn/add/",
    "mfa_reauthenticate": "/accounts/2fa/reauthenticate/",
    "flows:delete-account": "/accounts/delete/",
    "flows:tokens": "/tokens/",
}
WORK = {
    "flows:library": "/",
    "flows:offline": "/offline/",
    "flows:templates": "/templates/",
    "flows:template": "/templates/{template}/",
    "flows:teams": "/teams/",
    "flows:team": "/teams/{team}/",
    "flows:team-invitation": "{team_invitation}",
    "flows:invitation": "{invitation}",
    "flows:editor": "/flows/{flow}/",
    "flows:members": "/flows/{flow}/members",
    "flows:audit": "/flows/{flow}/audit/",
    "flows:rename": "/flows/{flow}/rename",
    "flows:export": "/flows/{flow}/export",
    "flows:save-template": "/flows/{flow}/save-template",
    "flows:purge": "/flows/{trashed}/purge",
    "runs:panel": "/flows/{flow}/runs/",
    "runs:list": "/flows/{flow}/runs/list",
    "runs:start": "/flows/{flow}/runs/start",
    "runs:run": "/flows/{flow}/runs/{run}/",
    "runs:triggers": "/flows/{flow}/triggers/",
    "runs:secrets": "/flows/{flow}/secrets/",
    "runs:team-secrets": "/teams/{team}/secrets/",
    "runs:rules": "/flows/{flow}/notifications/",
    "runs:notifications": "/notifications/",
    "runs:questions": "/questions/",
    "runs:dead-letters": "/dead-letters/",
}
TRASH = "/?tab=trash"
ASKED_AGAIN = "/accounts/reauthenticate/"
LEADS = {
    r"/accounts/2fa/reauthenticate/": ASKED_AGAIN,  # who has no second factor enters a password
    r"(/accounts/password/reset/key/\w+)-[^/]+/": r"\1-set-password/",
}
"""Addresses that lead to another page, and to which."""
NO_PAGES = {
    # Files, fragments of pages, and what programs ask for.
    *("healthz", "readyz", "metrics", "hook", "api/graphql", "flows:worker", "flows:inspectors", "flows:layout"),
    *("flows:canvas", "flows:outline", "flows:inspector", "flows:offers", "flows:preview", "runs:layout"),
    *("runs:drawer", "runs:node", "mfa_download_recovery_codes", "mfa_login_webauthn"),
    # Where forms are sent: what is refused is shown on the form's page.
    *("set_language", "demo-login", "logout", "login", "register", "account_revoke_tokens", "account_export"),
    *("flows:delete-template", "flows:delete-team", "flows:team-members", "flows:team-member", "flows:create"),
    *("flows:withdraw-invitation", "flows:revoke-tokens", "flows:revoke-token", "flows:member", "flows:transfer"),
    *(
        "flows:viewer-rights",
        "flows:flow-team",
        "flows:links",
        "flows:link",
        "flows:join",
        "flows:leave",
        "flows:duplicate",
    ),
    *("flows:follow-template", "flows:delete", "flows:restore", "flows:star", "runs:steer", "runs:answer"),
    # Steps of a login that only lead on, or that `test_two_factors` takes.
    *("account_confirm_login_code", "account_set_password", "socialaccount_signup", "openid_connect_login"),
    *("openid_connect_callback", "mfa_authenticate", "mfa_deactivate_totp", "mfa_remove_webauthn"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_reauthenticate_webauthn", "mfa_edit_webauthn"),
    # Old addresses of the login library, which lead to those above.
    *("social/login/cancelled/", "social/login/error/", "social/signup/", "social/connections/"),
    # For staff: walked from the links of the administration.
    "runs:workers",
}


def names() -> set[str]:
    """Return the names of all addresses outside the API and the administration."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[Any], space: str) -> list[str]:
    found = []
    for one in patterns:
        if isinstance(one, URLResolver) and str(one.pattern) not in {"admin/", "api/v1/"}:
            found += _names(one.url_patterns, f"{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern):
            found += [f"{space}{one.name or one.pattern}"]
    return found


def arrived(page: Page, address: str, answer: Response | None) -> None:
    """See that an address has shown its own page, and no other that it leads to."""
    assert answer, address
    assert answer.status in {200, 401}, f"{address}: {answer.status}"
    assert _path(page.url) == _path_led_to(address), f"{address} leads to {page.url}"


def _path_led_to(address: str) -> str:
    path = _path(address)
    for pattern, page_there in LEADS.items():
        path = re.sub(pattern, page_there, path)
    return path


def _path(address: str) -> str:
    return urlsplit(address).path


@dataclass
class World:
    """A person who has signed up, with one of everything; `places` fills in the addresses."""

    page: Page
    server: Server
    email: str = field(default_factory=lambda: f"ada-{secrets.token_hex(6)}@example.com")
    places: dict[str, str] = field(default_factory=dict)

    def sign_up(self) -> None:
        self.page.goto("/register/")
        self.page.get_by_label("Name", exact=True).fill("Ada")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        self.page.wait_for_url(lambda url: "/signup/" not in url and "/register/" not in url)

    def furnish(self) -> None:
        """Make a team, flows, a run, a link and what is mailed."""
        call = Api(self.page.context).call
        team = call("POST", "/teams", {"name": "Engines"})["id"]
        flow = call("POST", "/flows", {"title": "Drawn", "nodes": NODES, "edges": EDGES, "team": team})["id"]
        trashed = call("POST", "/flows", {"title": "Thrown away"})["id"]
        call("DELETE", f"/flows/{trashed}")
        run = call("POST", f"/flows/{flow}/runs", {"input": {"Ask": "What?"}})["id"]
        link = call("POST", f"/flows/{flow}/links", {"role": "editor", "password": "orchid"})["url"]
        invited = {"email": self.email.replace("ada", "new"), "role": "viewer"}
        invitation = call("POST", f"/flows/{flow}/members", {**invited, "invite": True})["url"]
        call("POST", f"/teams/{team}/invitations", invited)
        call("POST", f"/flows/{flow}/members", {"email": "bob@example.com", "role": "editor"})
        call("PUT", f"/flows/{flow}/secrets/MAIL", {"value": "x"})
        call("PUT", f"/teams/{team}/secrets/MAIL", {"value": "x"})
        rule = {"on": ["run.failed"], "to": [{"channel": "in_app", "target": "members"}]}
        call("PUT", f"/flows/{flow}/notifications", {"rules": [rule]})
        call("POST", "/tokens", {"name": "Nightly import", "scopes": ["read"]})
        token = next(one["value"] for one in self.page.context.cookies() if one["name"] == "csrftoken")
        self.page.context.request.post(
            "/accounts/password/reset/",
            form={"csrfmiddlewaretoken": token, "email": self.email},
            headers={"Origin": self.server.url},
            fail_on_status_code=True,
        )
        self.places = {
            "team": team, "flow": flow, "trashed": trashed, "run": run, "link": link, "invitation": invitation,
            "team_invitation": self.mailed(r"/teams/invitations/\S+"),
            "reset": self.mailed(r"/accounts/password/reset/key/\S+"),
            "template": call("GET", "/templates")["items"][0]["id"],
        }  # fmt: skip

    def mailed(self, pattern: str) -> str:
        """Return the last address that was mailed: without a mail server, mails are printed."""
        found = re.findall(pattern, self.server.output.read_text())
        assert found, f"no {pattern} was mailed"
        return str(found[-1])

    def address(self, template: str) -> str:
        return template.format(**self.places)

    def visit(self, template: str) -> None:
        """Open a page as this person, who enters her password where it is asked for again."""
        address = self.address(template)
        answer = self.page.goto(address)
        if _path(self.page.url) == ASKED_AGAIN != _path_led_to(address):
            self._prove()
            answer = self.page.goto(address)
        arrived(self.page, address, answer)

    def _prove(self) -> None:
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Confirm").click()
        self.page.wait_for_url(lambda url: "reauthenticate" not in url)


def furnished(context: BrowserContext, server: Server) -> World:
    """Let somebody sign up in this browser, and have one of everything."""
    world = World(context.new_page(), server)
    world.sign_up()
    world.furnish()
    return world
