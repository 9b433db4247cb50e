"""Files below `HELIX_FILES_DIR`, the one folder that flows read and write.

A path is walked one name at a time from the folder's own descriptor, and no link is ever followed: so neither `..` nor
a link leads out, whatever is exchanged meanwhile. Only plain files are read. A file is written beside its place and
then put there, so that nobody reads half of one.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from web.deferred_translation import kept as _

LONGEST_PATH = 500
DEEPEST = 20
MOST_ENTRIES = 20_000
"""How many files and folders one look at a pattern passes."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CLOSED = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM}
"""Why a folder within is passed over: it is gone, is a link by now, or is not for us to read."""


class FileRefused(Exception):  # noqa: N818  (a result, not a defect)
    """A file cannot be had, or a path is none that flows may use; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FileAway(FileRefused):
    """The system did not give the file or its folder, which may pass."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was found; `path` is relative, with slashes."""

    path: str
    size: int
    changed_ns: int
    inode: int


def files_dir() -> Path:
    """Return the folder. Raises `FileRefused` if there is none."""
    folder: Path | None = settings.HELIX_FILES_DIR
    if folder is None:
        raise FileRefused(_("There is no folder for files here: HELIX_FILES_DIR names it."))
    return folder


def parts_of(path: str) -> list[str]:
    """Return the names in a path or pattern. Raises `FileRefused` for one that does not stay below the folder."""
    parts = path.split("/")
    plain = path.isprintable() and len(path) <= LONGEST_PATH and "\\" not in path and len(parts) <= DEEPEST
    if not plain or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts):
        raise FileRefused(_("A path such as “orders/new.csv” is needed: below the folder for files, without “..”."))
    return parts


def find(pattern: str) -> list[Found]:
    """Return the files that match a pattern (`*`, `?`, `[a-z]`, and `**` for any folders), by path.

    Names that begin with a dot match only where the pattern has that dot. Raises `FileRefused`.
    """
    parts = parts_of(pattern)
    try:
        folder = os.open(files_dir(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return sorted(_Walk(parts).below(folder, "", _closed(parts, {0})), key=lambda found: found.path)
        finally:
            os.close(folder)
    except OSError as error:
        raise FileRefused(_("The folder cannot be opened: %(why)s.") % {"why": error.strerror}) from None


def read(path: str, most: int) -> bytes:
    """Return what a file holds. Raises `FileRefused`, also for more than `most` bytes."""
    parts = parts_of(path)
    with _folder_of(parts, make=False) as folder:
        try:
            number = os.open(parts[-1], _FILE, dir_fd=folder)
        except OSError as error:
            raise FileAway(_("The file cannot be read: %(why)s.") % {"why": error.strerror}) from None
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise FileRefused(_("This is no plain file."))
            held = file.read(most + 1)
    if len(held) > most:
        raise FileRefused(_("The file is longer than %(most)d bytes.") % {"most": most})
    return held


def write(path: str, content: bytes) -> None:
    """Put a file in its place, in folders made for it. Raises `FileRefused`."""
    parts = parts_of(path)
    draft = f".{token_hex(8)}.part"
    with _folder_of(parts, make=True) as folder:
        try:
            number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(number)
                _expect_no_other_thing(parts[-1], folder)
                os.replace(draft, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise
        except OSError as error:
            raise FileRefused(_("The file cannot be written: %(why)s.") % {"why": error.strerror}) from None


def _expect_no_other_thing(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
            raise FileRefused(_("There is something in its place that is no plain file."))


@contextmanager
def _folder_of(parts: Sequence[str], *, make: bool) -> Iterator[int]:
    """Open the folder that a path lies in, name by name."""
    try:
        folder = os.open(files_dir(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise FileAway(_("The folder cannot be opened: %(why)s.") % {"why": error.strerror}) from None
    try:
        for part in parts[:-1]:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=folder)
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    except OSError as error:
        raise FileAway(_("The folder cannot be opened: %(why)s.") % {"why": error.strerror}) from None
    finally:
        os.close(folder)


class _Walk:
    """One look at a pattern: at each name it knows which parts of the pattern may come next."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts, self._passed = parts, 0

    def below(self, folder: int, place: str, at: frozenset[int]) -> Iterator[Found]:
        """Yield the files below an open folder that match from these parts on."""
        with os.scandir(folder) as entries:
            for entry in entries:
                self._passed += 1
                if self._passed > MOST_ENTRIES:
                    raise FileRefused(_("More than %(most)d files and folders to look at.") % {"most": MOST_ENTRIES})
                following = self._after(entry.name, at)
                if not following:
                    continue
                path = f"{place}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    yield from self._inside(folder, entry.name, path, following)
                elif len(self._parts) in following and entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        is_ = entry.stat(follow_symlinks=False)
                        yield Found(path, is_.st_size, is_.st_mtime_ns, is_.st_ino)

    def _inside(self, folder: int, name: str, path: str, at: frozenset[int]) -> Iterator[Found]:
        if path.count("/") >= DEEPEST - 1 or at == {len(self._parts)}:
            return
        try:
            inner = os.open(name, _FOLDER, dir_fd=folder)
        except OSError as error:
            if error.errno not in _CLOSED:
                raise
            return
        try:
            yield from self.below(inner, f"{path}/", at)
        finally:
            os.close(inner)

    def _after(self, name: str, at: frozenset[int]) -> frozenset[int]:
        reached = set()
        for number in at:
            part = self._parts[number] if number < len(self._parts) else None
            if part is None or (name.startswith(".") and not part.startswith(".")):
                continue
            if part == "**":
                reached.add(number)
            elif fnmatchcase(name, part):
                reached.add(number + 1)
        return _closed(self._parts, reached)


def _closed(parts: Sequence[str], numbers: set[int]) -> frozenset[int]:
    """Add what may come next without a name: `**` stands for no folder, too."""
    closed = set(numbers)
    for number in sorted(numbers):
        while number < len(parts) and parts[number] == "**":
            number += 1  # noqa: PLW2901
            closed.add(number)
    return frozenset(closed)
