"""Accounts and a flow that a test makes on a real server, by REST, so that tests which share one never meet."""

import secrets
from typing import Any

from tests.servers import Server

PASSWORD = "correct horse battery"


class Programs:
    """Accounts and a flow of their own on a server, made by REST."""

    def __init__(self, server: Server) -> None:
        self.api = server.client("/api/v1")
        self.owner = self.account()
        self.flow = self.call(self.owner, "POST", "/flows", {"title": "Shared"})["id"]

    def account(self) -> str:
        """Make an account and return its token."""
        email = f"{secrets.token_hex(6)}@example.com"
        registered = self.api.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Program"})
        registered.raise_for_status()
        token: str = self.api.post("/auth/token", json={"email": email, "password": PASSWORD}).json()["access"]
        self.email = email
        return token

    def editor(self) -> str:
        """Make an account that may edit the flow."""
        token = self.account()
        self.call(self.owner, "POST", f"/flows/{self.flow}/members", {"email": self.email, "role": "editor"})
        return token

    def call(self, token: str, method: str, path: str, body: object = None) -> Any:
        """Make one call."""
        answer = self.api.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return answer.json() if answer.content else None
