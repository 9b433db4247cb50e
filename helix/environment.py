"""What the process reads from its environment, and the data folder it may create.

Everything an operator can set is read here, once, so `settings` is a plain statement of the result. With nothing set
the answer is the laptop: SQLite and a generated secret in `./var`, an in-memory channel layer, loopback only.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"


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


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
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
