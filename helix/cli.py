"""`helix`: the command line of the product.

Django's settings are read once, when they are first asked for, so all of a command's options go into the
environment before any module of ours that needs Django is imported. That is why the imports are inside.
"""

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit
from uuid import UUID

import typer

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="Helix: draw flows together."
)
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where SQLite, the secret and static files live.", show_default="./var"),
]
CANNOT_START = 2
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


class ServerName(StrEnum):
    DAPHNE = "daphne"
    UVICORN = "uvicorn"


@app.command()
def up(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)] = 8000,
    data_dir: DataDir = None,
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="Offer the demo accounts and flow.", show_default="on loopback"),
    ] = None,
    server: Annotated[ServerName, typer.Option(help="uvicorn is faster.")] = ServerName.DAPHNE,
) -> None:
    """Bring the database up to date, seed the demo on first start, serve, and print the address."""
    from helix import serving

    try:
        listener = serving.listen(host, port)
    except OSError as error:
        why = error.strerror or error
        fail(f"Helix cannot listen on {host}:{port}: {why}. Choose another with --port.", CANNOT_START)
    port = listener.getsockname()[1]
    demo = demo if demo is not None else demo_default(host)
    configure(data_dir, HELIX_DEMO="1" if demo else "0")
    os.environ["HELIX_ORIGINS"] = os.environ.get("HELIX_ORIGINS") or ",".join(origins(host, port))
    os.environ["HELIX_ALLOWED_HOSTS"] = os.environ.get("HELIX_ALLOWED_HOSTS") or ",".join(allowed_hosts(host))
    set_up_django()
    from django.conf import settings
    from django.core.management import CommandError
    from django.db import DatabaseError
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    from helix.startup import NotReadyError, prepare, reason

    demo = demo and not settings.SECURE
    try:
        prepare(demo=demo)
    except (NotReadyError, OSError, ValueError, DatabaseError, CommandError, InconsistentMigrationHistory) as error:
        fail(f"Helix cannot start: {reason(error)}", CANNOT_START)
    people = " — log in as alice, bob, vera or charlie" if demo else ""
    print(f"Helix is at {address(host, port)}/{people}", flush=True)  # noqa: T201
    match server:
        case ServerName.DAPHNE:
            serving.serve_with_daphne(listener)
        case ServerName.UVICORN:
            serving.serve_with_uvicorn(listener)


@app.command()
def verify(
    flow: Annotated[UUID | None, typer.Argument(help="Only this flow.")] = None,
    data_dir: DataDir = None,
    anchor: Annotated[
        Path | None,
        typer.Option(help="Compare with the heads in this file, if there is one; if all is well, write those of now."),
    ] = None,
) -> None:
    """Rebuild every flow from its log, compare it with its rows, check digests and rights; exit 1 on any difference."""
    if flow and anchor:
        fail("An anchor is of all flows: give either a flow or --anchor.")
    configure(data_dir)
    set_up_django()
    from django.db import DatabaseError

    from flows.errors import NotFound
    from flows.log.anchor import NoAnchor, write_anchor

    damaged = 0
    try:
        for difference in differences(flow, anchor):
            damaged += 1
            print(difference, flush=True)  # noqa: T201
        if damaged:
            raise typer.Exit(1)
        if anchor:
            write_anchor(anchor)
    except NotFound:
        fail(f"There is no flow {flow}.")
    except DatabaseError as error:
        fail(f"Cannot read the database: {error}")
    except NoAnchor as error:
        fail(f"Cannot compare: {error}.")
    except OSError as error:
        fail(f"Cannot keep the heads in {anchor}: {error.strerror or error}.")
    print("Every flow matches its log.")  # noqa: T201


def differences(flow: UUID | None, anchor: Path | None) -> Iterator[str]:
    """Yield all that `helix verify` finds, one line each."""
    from flows.log import verify_all, verify_installation
    from flows.log.anchor import compare_with_anchor

    for difference in verify_installation():
        yield f"installation: {difference}"
    for flow_id, found in verify_all([flow] if flow else None):
        yield from (f"{flow_id}: {difference}" for difference in found)
    if anchor and anchor.exists():
        yield from compare_with_anchor(anchor)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def manage(context: typer.Context, data_dir: DataDir = None) -> None:
    """Run a Django command on this installation, for example `helix manage createsuperuser`."""
    configure(data_dir)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["helix manage", *context.args])


def configure(data_dir: Path | None, **variables: str) -> None:
    """Put the command's options into the environment; what the process writes is for its own user alone."""
    os.umask(0o077)
    if data_dir is not None:
        os.environ["HELIX_DATA_DIR"] = str(data_dir.expanduser().resolve())
    os.environ.update(variables)
    os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"


def set_up_django() -> None:
    """Load settings and apps; a wrong variable or folder is said in one line."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except OSError as error:
        fail(f"Helix cannot start: {error.filename}: {error.strerror}.", CANNOT_START)
    except (ValueError, ImproperlyConfigured) as error:
        fail(f"Helix cannot start: {error.__cause__ or error}", CANNOT_START)


def demo_default(host: str) -> bool:
    """The demo's passwordless people are for this machine alone, unless `HELIX_DEMO` says otherwise.

    Behind a proxy we listen on loopback and yet the world comes in: so what is configured must be loopback too.
    """
    from helix.environment import flag, words

    named = [urlsplit(origin).hostname or origin for origin in words("HELIX_ORIGINS", "")]
    served = [host, *named, *words("HELIX_ALLOWED_HOSTS", "")]
    return flag("HELIX_DEMO", all(name in LOOPBACK for name in served))


def origins(host: str, port: int) -> list[str]:
    """Return the exact origins a browser may come from when `HELIX_ORIGINS` is not set."""
    names = allowed_hosts(host) + [
        name for name in os.environ.get("HELIX_ALLOWED_HOSTS", "").split(",") if name.strip()
    ]
    exact = [name.strip() for name in names if "*" not in name and not name.strip().startswith(".")]
    return list(dict.fromkeys(address(name, port) for name in exact))


def allowed_hosts(host: str) -> list[str]:
    """Return the host names served when `HELIX_ALLOWED_HOSTS` is not set."""
    concrete = [] if host in {"0.0.0.0", "::", *LOOPBACK} else [host]  # noqa: S104
    return ["localhost", "127.0.0.1", "[::1]", *concrete]


def address(host: str, port: int) -> str:
    """Return the address a browser reaches `host` at."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104
    bracketed = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"http://{bracketed}" if port == 80 else f"http://{bracketed}:{port}"


def fail(message: str, status: int = 1) -> NoReturn:
    """Say why and end."""
    print(message, file=sys.stderr)  # noqa: T201
    raise typer.Exit(status)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
