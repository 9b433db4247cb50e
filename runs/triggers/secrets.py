"""The secret that a sensor names: senders of a hook sign with it, an address that is polled is asked with it."""

from uuid import UUID

from runs.errors import TaskFailure
from runs.secrets import Secrets


class SecretMissing(Exception):  # noqa: N818  (a result, not a defect)
    """The flow has no such secret, or it cannot be read; `message` says which."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def secret_of(flow_id: UUID, name: str) -> str:
    """Return a secret's value. Raises `SecretMissing`."""
    try:
        return Secrets(flow_id)(name)
    except TaskFailure as failure:
        raise SecretMissing(failure.message) from None
