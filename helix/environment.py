"""What the process reads from its environment, and the data folder it may create.

Everything an operator can set is read here, once, so `settings` is a plain statement of the result. With nothing set
the answer is the laptop: SQLite and a generated secret in `./var`, an in-memory channel layer, loopback only.
"""

import json
import os
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from web.cores import cores

ROOT = Path(__file__).resolve().parent.parent
SQLITE_PRAGMAS = """PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;
PRAGMA cache_size=-512;"""
"""Each thread has a connection with a cache of its own, of KB; the system keeps the file in memory once for all."""


WHEN_SILENT = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""A PostgreSQL that says nothing any more, behind a line that is cut or on a machine without power, is given up."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and from whom it is."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    is_tls: bool
    starts_tls: bool


def flag(name: str, default: bool) -> bool:
    """Read a yes/no variable; unset or empty means `default`."""
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value in {"1", "true", "yes", "on"}


def words(name: str, default: str) -> list[str]:
    """Read a comma-separated variable."""
    return [word.strip() for word in (os.environ.get(name) or default).split(",") if word.strip()]


def count(name: str, default: int) -> int:
    """Read a whole number; raise `ValueError` for anything else."""
    text = os.environ.get(name, "").strip()
    if text and not text.isdecimal():
        raise ValueError(f"{name} must be a whole number, not {text!r}")
    return int(text) if text else default


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks, separated by commas; raise `ValueError` for anything else."""
    try:
        return tuple(ip_network(word) for word in words(name, ""))
    except ValueError as error:
        raise ValueError(f"{name} must be networks such as 10.1.0.0/16: {error}") from None


def folder(name: str) -> Path | None:
    """Read the path of a folder that is there; None if unset. Raises `ValueError`."""
    text = os.environ.get(name, "").strip()
    if text and not Path(text).is_dir():
        raise ValueError(f"{name} must be a folder that is there, not {text!r}")
    return Path(text).resolve() if text else None


def databases(name: str) -> dict[str, str]:
    """Read a JSON object of addresses (`sqlite:///path`, `postgresql://…`) by name. Raises `ValueError`."""
    text = os.environ.get(name, "").strip()
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = None
    schemes = ("sqlite:///", "postgresql://", "postgres://")
    if not isinstance(given, dict) or not all(
        isinstance(url, str) and url.startswith(schemes) for url in given.values()
    ):
        raise ValueError(f'{name} must be a JSON object such as {{"shop": "postgresql://…", "log": "sqlite:////path"}}')
    return given


def mail(name: str) -> MailServer | None:
    """Read `smtp://user:password@host:587/?from=helix@example.com`; `smtps` is TLS from the start. Raises `ValueError`.

    With `smtp` STARTTLS is used, unless the address says `tls=0`.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    parts, options = urlsplit(text), dict(parse_qsl(urlsplit(text).query))
    sender = options.get("from", "")
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or "@" not in sender:
        raise ValueError(f"{name} must be like smtp://user:password@host:587/?from=helix@example.com")
    is_tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=parts.port or (465 if is_tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
        is_tls=is_tls,
        starts_tls=not is_tls and options.get("tls", "1") != "0",
    )


def release() -> str:
    """Return the version of this installation."""
    try:
        return metadata.version("helix-flow-editor")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return ""


def password_cores() -> int:
    """Return how many cores may check passwords at once: `HELIX_PASSWORD_CORES`, else all but one."""
    return max(1, count("HELIX_PASSWORD_CORES", cores() - 1))


def data_dir() -> Path:
    """Return the data folder, created when missing."""
    path = Path(os.environ.get("HELIX_DATA_DIR") or ROOT / "var").resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret_key(folder: Path) -> str:
    """Return `HELIX_SECRET_KEY`, or the secret kept in the data folder."""
    return os.environ.get("HELIX_SECRET_KEY") or kept_secret(folder / "secret_key")


def log_key(folder: Path, secret: str) -> str:
    """Return `HELIX_LOG_KEY`; else the key kept in the data folder beside SQLite, or one that follows from the secret.

    Processes on several machines share a PostgreSQL and the secret, but no folder.
    """
    if given := os.environ.get("HELIX_LOG_KEY"):
        return given
    if os.environ.get("HELIX_DATABASE_URL"):
        return sha256(f"log:{secret}".encode()).hexdigest()
    return kept_secret(folder / "log_key")


def kept_secret(path: Path) -> str:
    """Return the secret in a file: generated once, readable by us alone."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def tool_commands(name: str) -> dict[str, list[str]]:
    """Read a JSON object of commands, each a list of words, by name. Raises `ValueError`."""
    try:
        given = json.loads(os.environ.get(name, "").strip() or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(
        isinstance(words, list) and words and all(isinstance(word, str) for word in words) for words in given.values()
    ):
        raise ValueError(f'{name} must be a JSON object such as {{"files": ["/usr/bin/tool-server", "--read-only"]}}')
    return given


def login_providers(name: str) -> dict[str, list[dict[str, Any]]]:
    """Read a JSON object of providers to log in with, as apps by the library's name of their kind. Raises `ValueError`.

    One with a `server` speaks OpenID Connect, under an id of one's own: `{"acme": {"name": "Acme", "server":
    "https://login.example.com", "client_id": "…", "secret": "…"}}`. Else the id is a provider that allauth knows:
    `{"github": {"client_id": "…", "secret": "…"}}`.
    """
    try:
        given = json.loads(os.environ.get(name, "").strip() or "{}")
        providers: dict[str, list[dict[str, Any]]] = {}
        for key, one in given.items():
            app = {"client_id": one["client_id"], "secret": one["secret"], "name": one.get("name") or key.title()}
            if not set(one) <= {"client_id", "secret", "name", "server"} or not re.fullmatch("[a-z0-9_-]+", key):
                raise ValueError
            if server := one.get("server"):
                kind, app = "openid_connect", {**app, "provider_id": key, "settings": {"server_url": server}}
            else:
                kind = key
                if find_spec(f"allauth.socialaccount.providers.{kind}") is None:
                    raise ValueError
            providers.setdefault(kind, []).append(app)
    except (ValueError, TypeError, KeyError, AttributeError):
        example = '{"acme": {"server": "https://login.example.com", "client_id": "…", "secret": "…"}}'
        raise ValueError(f"{name} must be a JSON object such as {example}, or of providers that are known") from None
    return providers


def database(folder: Path) -> dict[str, Any]:
    """Return Django's database entry for `HELIX_DATABASE_URL`, or SQLite in the data folder."""
    url = os.environ.get("HELIX_DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "helix.sqlite3",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
            "TEST": {"NAME": folder / "test.sqlite3"},
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("HELIX_DATABASE_URL must start with postgresql://")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "web.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **WHEN_SILENT,
            **options,
            "application_name": "helix",
            # Waiting for a connection fails soon, and a server that is back is found again within seconds.
            "pool": {
                "min_size": 1,
                "max_size": count("HELIX_DATABASE_POOL", 16),
                "timeout": 5,
                "reconnect_timeout": 4,
            },
        },
    }


def channel_layer() -> dict[str, Any]:
    """Return the channel layer of `HELIX_REDIS_URL`, or the one in memory."""
    url = os.environ.get("HELIX_REDIS_URL")
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": url, "socket_timeout": None}], "prefix": "helix"},
    }
