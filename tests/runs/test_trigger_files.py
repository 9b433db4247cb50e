"""Files: what is new or changed below one folder; nothing above it, beside it, behind a link or of another kind."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from runs import files
from runs.models import Run, Trigger
from runs.triggers import looking
from runs.triggers.ticking import tick
from tests.runs.listening import due_now, inputs, listen, named, sensing
from web.deferred_translation import said
from web.errors import Problem


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.HELIX_FILES_DIR = tmp_path / "files"
    settings.HELIX_FILES_DIR.mkdir()
    return settings.HELIX_FILES_DIR  # type: ignore[no-any-return]


def put(folder: Path, path: str, text: str = "x", *, age: float = 60) -> Path:
    """Write a file that was changed so many seconds ago."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    changed = timezone.now().timestamp() - age
    os.utime(file, (changed, changed))
    return file


def inline(work: Callable[[], object]) -> bool:
    work()
    return True


def look(trigger: Trigger) -> None:
    now = timezone.now()
    assert tick(now, begin=inline) == 1 if due_now(trigger, now) else 0


def paths(pattern: str) -> list[str]:
    return [found.path for found in files.find(pattern)]


# the folder


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        "a\0b",
        "a\nb",
        "a\\b",
        "x" * 256,
        "a/" * 30 + "b",
    ],
)
def test_a_path_that_does_not_stay_below_is_refused(path: str, folder: Path) -> None:
    for use in (lambda: files.read(path, 10), lambda: files.write(path, b"x"), lambda: files.find(path)):
        with pytest.raises(files.FileRefused):
            use()
    assert list(folder.parent.rglob("*")) == [folder]


def test_without_a_folder_everything_is_refused(settings: Any) -> None:
    settings.HELIX_FILES_DIR = None

    with pytest.raises(files.FileRefused, match="HELIX_FILES_DIR"):
        files.read("a", 10)


def test_no_link_is_followed_in_or_out(folder: Path) -> None:
    secret = put(folder.parent, "secret.txt", "secret")
    put(folder, "real/in.txt", "in")
    (folder / "out.txt").symlink_to(secret)
    (folder / "up").symlink_to(folder.parent)
    (folder / "inside").symlink_to(folder / "real")

    assert paths("**/*.txt") == ["real/in.txt"]
    for path in ("out.txt", "up/secret.txt", "inside/in.txt"):
        with pytest.raises(files.FileRefused):
            files.read(path, 100)
    for path in ("up/new.txt", "inside/new.txt", "out.txt"):
        with pytest.raises(files.FileRefused):
            files.write(path, b"x")
    assert secret.read_text() == "secret"
    assert not (folder.parent / "new.txt").exists()


def test_no_pipe_and_no_folder_is_read_or_replaced(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()

    assert paths("*") == []
    for path in ("pipe", "sub", "none"):
        with pytest.raises(files.FileRefused):
            files.read(path, 10)
    for path in ("pipe", "sub"):
        with pytest.raises(files.FileRefused):
            files.write(path, b"x")
    assert sorted(one.name for one in folder.iterdir()) == ["pipe", "sub"]


def test_a_file_is_read_up_to_a_length(folder: Path) -> None:
    put(folder, "a", "12345")

    assert files.read("a", 5) == b"12345"
    with pytest.raises(files.FileRefused):
        files.read("a", 4)


def test_a_file_is_written_whole_in_folders_made_for_it(folder: Path) -> None:
    files.write("a/b/c.txt", b"one")
    files.write("a/b/c.txt", b"two")

    assert (folder / "a/b/c.txt").read_bytes() == b"two"
    assert [one.name for one in (folder / "a/b").iterdir()] == ["c.txt"]


def test_patterns_match_names_not_slashes(folder: Path) -> None:
    for path in ("a.csv", "b.txt", "x/a.csv", "x/y/a.csv", ".hidden.csv", ".h/a.csv", "x/A.CSV"):
        put(folder, path)

    assert paths("*.csv") == ["a.csv"]
    assert paths("*/*.csv") == ["x/a.csv"]
    assert paths("**/*.csv") == ["a.csv", "x/a.csv", "x/y/a.csv"]
    assert paths("x/**") == ["x/A.CSV", "x/a.csv", "x/y/a.csv"]
    assert paths("**/y/**/a.*") == ["x/y/a.csv"]
    assert paths(".*.csv") == [".hidden.csv"]
    assert paths("[ab].???") == ["a.csv", "b.txt"]
    assert paths("nothing/*") == []


def test_a_look_passes_so_many_entries_and_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ENTRIES", 3)
    for number in range(3):
        put(folder, str(number))

    assert len(paths("*")) == 3
    put(folder, "one more")
    with pytest.raises(files.FileRefused):
        paths("nothing*")


def test_a_pattern_that_could_take_for_ever_does_not(folder: Path) -> None:
    put(folder, "a" * 200)

    assert paths("*a" * 100 + "*b") == []
    assert paths("/".join(["**"] * 19 + ["b"])) == []


# the sensor

pytestmark = pytest.mark.django_db


def test_it_needs_a_folder_and_a_pattern_below_it(alice: User, folder: Path, settings: Any) -> None:
    for pattern in ("", "../*", "/etc/*"):
        with pytest.raises(Problem, match="pattern"):
            listen(alice.pk, sensing(alice.pk, source="file", pattern=pattern))
    settings.HELIX_FILES_DIR = None
    with pytest.raises(Problem, match="HELIX_FILES_DIR"):
        listen(alice.pk, sensing(alice.pk, source="file", pattern="*"))


def test_new_and_changed_files_are_events_and_those_that_were_there_are_not(alice: User, folder: Path) -> None:
    put(folder, "old.csv", "a\n1")
    flow = sensing(alice.pk, source="file", pattern="**/*.csv", format="csv")
    trigger = listen(alice.pk, flow)
    look(trigger)
    assert inputs(flow) == []

    put(folder, "in/new.csv", "a,b\n1,2", age=50)
    put(folder, "in/other.txt", age=50)
    look(trigger)
    look(trigger)
    (given,) = inputs(flow)
    assert {**given, "changed_at": ""} == {
        "path": "in/new.csv",
        "name": "new.csv",
        "size": 7,
        "changed_at": "",
        "content": [{"a": "1", "b": "2"}],
    }
    put(folder, "old.csv", "a\n2", age=40)
    look(trigger)
    (folder / "old.csv").unlink()
    look(trigger)
    assert [(one["name"], one["content"]) for one in inputs(flow)][1:] == [("old.csv", [{"a": "2"}])]


def test_a_file_that_is_just_being_written_is_left_for_the_next_look(
    alice: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = sensing(alice.pk, source="file", pattern="*", format="text")
    listen(alice.pk, flow)
    put(folder, "a", "half", age=0.2)
    now = timezone.now()
    with monkeypatch.context() as slow:
        slow.setattr(looking, "SETTLED_NS", 3600 * 10**9)
        tick(now, begin=inline)
    assert inputs(flow) == []
    put(folder, "a", "half", age=2)
    tick(now + timedelta(seconds=40), begin=inline)
    assert named(inputs(flow), "content") == [{"content": "half"}]


def test_what_cannot_be_read_is_told_and_stops_no_other(alice: User, folder: Path) -> None:
    flow = sensing(alice.pk, source="file", pattern="*")
    trigger = listen(alice.pk, flow)
    put(folder, "a.json", "{")
    put(folder, "b.json", '{"n": 1}')
    look(trigger)

    assert named(inputs(flow), "name", "content") == [{"name": "b.json", "content": {"n": 1}}]
    trigger.refresh_from_db()
    assert said(trigger.last_error).startswith("a.json:")
    told = trigger.last_error
    put(folder, "c.json", '{"n": 2}')
    for _look in range(2):
        look(trigger)
        trigger.refresh_from_db()
        assert trigger.last_error == told
    (folder / "c.json").unlink()
    put(folder, "a.json", "{}", age=5)
    look(trigger)
    trigger.refresh_from_db()
    assert (trigger.last_error, Run.objects.count()) == ("", 3)

    put(folder, "d.json", "{")
    look(trigger)
    (folder / "d.json").unlink()
    look(trigger)
    trigger.refresh_from_db()
    assert trigger.last_error == ""


@pytest.mark.parametrize("why", [errno.EMFILE, errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_file_that_the_system_does_not_give_for_a_moment_is_an_event_later(
    alice: User, folder: Path, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    flow = sensing(alice.pk, source="file", pattern="**/*.json")
    trigger = listen(alice.pk, flow)
    put(folder, "in/a.json", '{"n": 1}')
    put(folder, "in/b.json", '{"n": 2}')
    with monkeypatch.context() as broken:
        refuse(broken, "a.json", why)
        look(trigger)
        trigger.refresh_from_db()
        assert said(trigger.last_error).startswith("in/a.json:")
        assert named(inputs(flow), "content") == [{"content": {"n": 2}}]

    look(trigger)
    trigger.refresh_from_db()
    assert (trigger.last_error, named(inputs(flow), "content")) == ("", [{"content": {"n": 2}}, {"content": {"n": 1}}])


def test_a_folder_that_the_system_does_not_give_for_a_moment_brings_nothing_that_was_there(
    alice: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "in/old.json", "{}")
    flow = sensing(alice.pk, source="file", pattern="**/*.json")
    trigger = listen(alice.pk, flow)
    with monkeypatch.context() as broken:
        refuse(broken, "in", errno.EMFILE)
        look(trigger)
        trigger.refresh_from_db()
        assert trigger.last_error

    look(trigger)
    assert inputs(flow) == []


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, why: int) -> None:
    """Let the system refuse to open files and folders of this name."""
    opened = os.open

    def refusing(path: str, flags: int, *given: int, dir_fd: int | None = None) -> int:
        if path == name:
            raise OSError(why, os.strerror(why))
        return opened(path, flags, *given, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)


def test_a_full_queue_leaves_the_rest_for_later_and_nothing_comes_twice(alice: User, folder: Path) -> None:
    flow = sensing(alice.pk, source="file", pattern="*", format="text", stays_open=True, queue_size=2)
    trigger = listen(alice.pk, flow)
    for number in range(5):
        put(folder, f"{number}")
    look(trigger)
    assert [one["name"] for one in inputs(flow)] == ["0", "1"]
    trigger.refresh_from_db()
    assert "2" in trigger.last_error
    assert trigger.due_at > timezone.now()

    for _ in range(3):
        Run.objects.update(state="done")
        look(trigger)
    assert [one["name"] for one in inputs(flow)] == ["0", "1", "2", "3", "4"]


def test_a_folder_that_is_gone_or_a_defect_is_told_and_looked_at_again(
    alice: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = listen(alice.pk, sensing(alice.pk, source="file", pattern="*"))
    folder.rmdir()
    look(trigger)
    trigger.refresh_from_db()
    assert "No such file" in trigger.last_error

    def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    folder.mkdir()
    monkeypatch.setattr("runs.triggers.ticking.look_at_files", broken)
    look(trigger)
    trigger.refresh_from_db()
    assert (trigger.failures, trigger.claim) == (2, "")
    assert "secret" not in trigger.last_error


def test_many_files_come_in_several_looks(alice: User, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "AT_ONCE", 2)
    flow = sensing(alice.pk, source="file", pattern="*", format="text")
    listen(alice.pk, flow)
    for number in range(5):
        put(folder, f"{number}")

    now = timezone.now()
    assert [tick(now, begin=inline) for _ in range(4)] == [1, 1, 1, 0]
    assert [one["name"] for one in inputs(flow)] == ["0", "1", "2", "3", "4"]
