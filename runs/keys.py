"""The key of a task: its run, its node and the path of its iteration, in one text. Written and read here only."""

from uuid import UUID

from flows.errors import NotFound


def task_key(run: UUID, node: str, path: str) -> str:
    """Return the key of a run's task."""
    return f"{run.hex}.{node}.{path}"


def read_key(key: str, run: UUID | None = None) -> tuple[str, str]:
    """Return node and path of a task's key. Raises `NotFound` for what is no key, or one of another run."""
    head, _, rest = key.partition(".")
    node, separator, path = rest.partition(".")
    if not separator or "\0" in key or (run is not None and head != run.hex):
        raise NotFound
    return node, path


def run_of(key: str) -> UUID:
    """Return the run that a task's key names. Raises `NotFound`."""
    if "\0" in key:
        raise NotFound
    try:
        return UUID(hex=key.partition(".")[0])
    except ValueError:
        raise NotFound from None
