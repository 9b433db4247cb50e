"""What commands of `helix` share: the data folder into the environment, Django set up, an end with a reason."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where SQLite, the secret and static files live.", show_default="./var"),
]
CANNOT_START = 2


def configure(data_dir: Path | None, **variables: str) -> None:
    """Put the command's options into the environment; what the process writes is for its own user alone."""
    os.umask(0o077)
    if data_dir is not None:
        os.environ["HELIX_DATA_DIR"] = str(data_dir.expanduser().resolve())
    os.environ.update(variables)
    os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"


def set_up_django() -> None:
    """Load settings and apps; a wrong variable or folder is said in one line."""
    gc.disable()  # what is loaded stays: to look for garbage in it takes a sixth of the time
    try:
        import django
        from django.core.exceptions import ImproperlyConfigured

        django.setup()
    except OSError as error:
        fail(f"Helix cannot start: {error.filename}: {error.strerror}.", CANNOT_START)
    except (ValueError, ImproperlyConfigured) as error:
        fail(f"Helix cannot start: {error.__cause__ or error}", CANNOT_START)
    finally:
        gc.enable()


def fail(message: str, status: int = 1) -> NoReturn:
    """Say why and end."""
    print(message, file=sys.stderr)  # noqa: T201
    raise typer.Exit(status)
