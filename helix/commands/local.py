"""The API in this process, on the data folder of this machine, in the name of one of its people.

No server has to run. If one does, both write the same database: PostgreSQL, or the SQLite file, which processes share.
With Redis, open editors are told at once; without it they look at the log every 15 seconds, and see the change then.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from helix.commands.api import PATIENCE, Api, CommandError
from helix.process import configure, set_up_django

if TYPE_CHECKING:
    from accounts.models import User


def on_this_machine(data_dir: Path | None, email: str | None) -> Api:
    """Return the API on a data folder. Raises `CommandError` where there is no installation, or no such person."""
    _expect_installation(data_dir)
    os.environ.setdefault("HELIX_LOG_LEVEL", "CRITICAL")
    configure(data_dir, HELIX_ALLOWED_HOSTS="localhost", HELIX_ORIGINS="http://localhost")
    set_up_django()
    from django.core.wsgi import get_wsgi_application

    from accounts.origin import LOCAL_PERSON

    person = _person(email)
    application = get_wsgi_application()

    def as_person(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return application({**environ, LOCAL_PERSON: person}, start_response)

    client = httpx.Client(
        transport=httpx.WSGITransport(app=as_person), base_url="http://localhost/api/v1", timeout=PATIENCE
    )
    return Api(client)


def _expect_installation(data_dir: Path | None) -> None:
    if os.environ.get("HELIX_DATABASE_URL"):
        return
    folder = data_dir or Path(os.environ.get("HELIX_DATA_DIR") or Path(__file__).resolve().parents[2] / "var")
    if not (folder.expanduser() / "helix.sqlite3").exists():
        raise CommandError(
            f"There is no installation in {folder}. Name its folder with --data-dir, or a server with --url.", status=2
        )


def _person(email: str | None) -> "User":
    """Return who acts: as asked, else the only superuser, else the only account."""
    from django.db import DatabaseError

    from accounts.models import User

    try:
        active = User.objects.filter(is_active=True)
        if email is not None:
            found = list(active.filter(email__iexact=email)[:1])
            if not found:
                raise CommandError(f"There is no active account {email}.", status=2)
        else:
            found = list(active.filter(is_superuser=True)[:2])
            found = found if found else list(active[:2])
    except DatabaseError as error:
        raise CommandError(f"Cannot read the database: {str(error).partition(chr(10))[0]}") from None
    if len(found) != 1:
        raise CommandError("Say in whose name with --as EMAIL: there are several people, or none.", status=2)
    return found[0]
