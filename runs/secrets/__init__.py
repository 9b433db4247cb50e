"""Secrets: kept encrypted, named in settings, read by a worker at the moment of use, and shown to nobody again.

`seal` and `unseal` are for all that is kept so, keys of providers too; `Secrets` is what `Work.secret` is.
"""

from flows.validation.secrets import secret_in, secrets_used_by
from runs.secrets.commands import delete_secret, delete_team_secret, put_secret, put_team_secret, reseal
from runs.secrets.masking import MASK, masked
from runs.secrets.queries import Held, names_of, secrets_of, team_secrets_of, versions_of
from runs.secrets.resolving import Secrets
from web.sealing import is_current, seal, unseal

__all__ = [
    "MASK",
    "Held",
    "Secrets",
    "delete_secret",
    "delete_team_secret",
    "is_current",
    "masked",
    "names_of",
    "put_secret",
    "put_team_secret",
    "reseal",
    "seal",
    "secret_in",
    "secrets_of",
    "secrets_used_by",
    "team_secrets_of",
    "unseal",
    "versions_of",
]
