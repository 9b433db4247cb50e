"""`helix`: the command line of the product.

Django's settings are read once, when they are first asked for, so all of a command's options go into the
environment before any module of ours that needs Django is imported. That is why the imports are inside.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import typer

from accounts.acting import act_as_system
from helix.commands import flows
from helix.process import CANNOT_START, DataDir, configure, fail, set_up_django
from web.call_stack import give_threads_room, in_one_piece

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Helix: draw flows together.")
app.add_typer(flows, name="flows")
database = typer.Typer(no_args_is_help=True, help="Prepare the database.")
app.add_typer(database, name="database")
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
    workers: Annotated[
        int | None,
        typer.Option(help="Workers for runs: one inside, further ones beside; 0 for none.", min=0, show_default="1"),
    ] = None,
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
    chosen = {} if workers is None else {"HELIX_WORKERS": str(workers)}
    configure(data_dir, HELIX_DEMO="1" if demo else "0", **chosen)
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
    start_workers(settings.HELIX_WORKERS - 1)
    people = " — log in as alice, bob, vera or charlie" if demo else ""
    print(f"Helix is at {address(host, port)}/{people}", flush=True)  # noqa: T201
    match server:
        case ServerName.DAPHNE:
            serving.serve_with_daphne(listener)
        case ServerName.UVICORN:
            serving.serve_with_uvicorn(listener)


@app.command()
def worker(
    *,
    labels: Annotated[str, typer.Option(help="What this machine has, for example gpu,full_python.")] = "",
    concurrency: Annotated[int, typer.Option(help="Tasks at once.", min=1, max=256)] = 8,
    data_dir: DataDir = None,
) -> None:
    """Execute tasks of runs, beside `helix up` on this machine, or anywhere with the same HELIX_DATABASE_URL."""
    configure(data_dir)
    set_up_django()
    act_as_system()
    import psycopg
    from django.conf import settings

    from helix.startup import NotReadyError, expect_barrier
    from runs.sandbox import offered
    from runs.work.incarnation import Offer
    from runs.work.standalone import work

    try:
        expect_barrier(is_required=settings.HELIX_REQUIRE_BARRIER)
    except NotReadyError as error:
        fail(f"The worker cannot start: {error}", CANNOT_START)
    except psycopg.OperationalError:
        pass  # it waits for the database
    given = frozenset(label.strip() for label in labels.split(",") if label.strip())
    raise typer.Exit(work(Offer(offered(given), concurrency, settings.HELIX_RELEASE)))


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
    act_as_system()
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


@app.command()
def createadmin(
    *,
    email: Annotated[
        str | None, typer.Option(help="E-mail address, by which they log in.", envvar="HELIX_ADMIN_EMAIL")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What others see.", envvar="HELIX_ADMIN_NAME")] = None,
    password: Annotated[
        str | None, typer.Option(help="Asked for, twice, if not given.", envvar="HELIX_ADMIN_PASSWORD")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make an account that may administer this installation; what is not given is asked for."""
    email = typer.prompt("E-mail address") if email is None else email
    name = typer.prompt("Name") if name is None else name
    given = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if password is None else password
    configure(data_dir)
    set_up_django()
    act_as_system()
    from helix.commands.admins import NotMade, create_admin

    try:
        made = create_admin(str(email), str(name), str(given))
    except NotMade as why:
        fail(f"No account was made: {why}")
    print(f"{made} may administer this installation.")  # noqa: T201


@database.command()
def grant(
    role: Annotated[str, typer.Argument(help="The role as which Helix is to serve.", metavar="ROLE")],
    data_dir: DataDir = None,
) -> None:
    """Make a PostgreSQL role that row-level security binds, and let it own what is Helix's in HELIX_DATABASE_URL."""
    configure(data_dir)
    set_up_django()
    import psycopg
    from django.db import connection as django_connection

    from helix.commands.database import NotGranted, address, grant
    from helix.startup import connect_to_postgresql

    if django_connection.vendor != "postgresql":
        fail("Only PostgreSQL has roles: set HELIX_DATABASE_URL, as its owner or a superuser.")
    try:
        with connect_to_postgresql() as connection:
            granted = grant(connection, role)
            url = address(granted, connection)
    except (NotGranted, psycopg.Error) as why:
        fail(f"Nothing was granted: {str(why).strip().partition(chr(10))[0]}")
    if granted.password is not None:
        print(f"Made the role {role}; its password is shown only now.")  # noqa: T201
    print(f"{role} owns what is Helix's in {granted.database}. Serve and work with")  # noqa: T201
    print(f"HELIX_DATABASE_URL={url} HELIX_REQUIRE_BARRIER=1")  # noqa: T201


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def manage(context: typer.Context, data_dir: DataDir = None) -> None:
    """Run a Django command on this installation, for example `helix manage createsuperuser`."""
    configure(data_dir)
    act_as_system()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["helix manage", *context.args])


def start_workers(count: int) -> None:
    """Start workers beside this process, which end with it."""
    command = [sys.executable, "-m", "helix.cli", "worker"]
    for _ in range(count):
        subprocess.Popen(command, env=os.environ | {"WORKER_ENDS_WITH_PARENT": "1"})  # noqa: S603


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


def main() -> None:
    """Run the command line, with all that it starts."""
    give_threads_room()
    in_one_piece(app)


if __name__ == "__main__":
    main()
