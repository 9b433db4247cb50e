"""`helix flows …` as people and scripts use it, against a server and on this machine."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Helix
from tests.programs import Programs
from tests.servers import Server, clean_environment

Read = Callable[[str], Any]
FILE = """# Kept as it is
helix: 1
title: Applied
description: of a file
nodes:
  a: {kind: input, label: Start}  # the beginning
  b:
    kind: agent
    label: Classify
    settings:
      model: test
edges:
  e1: {from: a.out, to: b.in}
"""


def id_in(helix: Helix, name: str) -> str:
    (line,) = (one for one in (helix.folder / name).read_text().splitlines() if one.startswith("id:"))
    return line.split('"')[1]


def test_a_flow_is_made_found_shown_and_exported(helix: Helix, read: Read) -> None:
    made = helix.json("create", "Über alles")
    id = made["id"]

    assert read(id)["title"] == "Über alles"
    assert id in {one["id"] for one in helix.json("list")["items"]}
    for name in (id, id[:13], id.replace("-", "")[:12].upper(), "Über alles"):
        assert helix.json("show", name)["id"] == id
    exported = helix.run("export", id)
    assert (exported.returncode, exported.stderr) == (0, "")
    head, named, title, *_rest = exported.stdout.splitlines()
    # An id that begins like a number is quoted.
    assert (head, named.replace('"', ""), title) == ("helix: 1", f"id: {id}", 'title: "Über alles"')
    told = helix.json("export", id, "-o", "picture.svg")
    assert told["format"] == "svg"
    assert (helix.folder / "picture.svg").read_text().startswith("<svg")


def test_what_is_not_there_or_not_unique_is_said_in_one_sentence(remote: Helix, programs: Programs) -> None:
    for _ in range(2):
        programs.call(programs.owner, "POST", "/flows", {"title": "Twin"})

    missing, twins = remote.run("show", "Nothing like it"), remote.run("show", "Twin")

    assert (missing.returncode, missing.stderr) == (1, "There is no flow 'Nothing like it'.\n")
    assert twins.returncode == 1
    assert twins.stderr.startswith("2 flows are called 'Twin': ")
    assert twins.stderr.count("\n") == 1


def test_files_become_flows_and_one_that_cannot_be_read_stops_no_other(remote: Helix, read: Read) -> None:
    good = remote.write("flowchart LR\n  a[One] --> b[Two]\n", "good.mmd")
    bad = remote.write("remote: 1\nnodes: {a: &x {}}\n", "bad.yaml")

    items = remote.json("import", bad, good, "none.yaml", status=1)["items"]

    assert [sorted(one) for one in items] == [["error", "file"], ["file", "flow", "report"], ["error", "file"]]
    assert items[0]["error"]["message"].startswith("line 2: ")
    flow = read(items[1]["flow"]["id"])
    assert (flow["title"], len(flow["nodes"]), len(flow["edges"])) == ("good", 2, 1)
    added = remote.json("import", good, "--into", flow["id"])["items"][0]["flow"]
    assert (added["version"], len(read(flow["id"])["nodes"])) == (2, 4)


def test_a_file_without_id_makes_a_flow_gets_its_id_and_stays_as_it_is(helix: Helix, read: Read) -> None:
    name = helix.write(FILE)

    result = helix.run("apply", name, "--yes")

    id = id_in(helix, name)
    assert (result.returncode, result.stderr) == (0, "")
    text = (helix.folder / name).read_text()
    assert text.replace(f'id: "{id}"\n', "") == FILE
    assert text.splitlines()[:3] == ["# Kept as it is", "helix: 1", f'id: "{id}"']
    flow = read(id)
    assert (flow["title"], flow["description"], flow["version"]) == ("Applied", "of a file", 1)
    assert {node["label"] for node in flow["nodes"]} == {"Start", "Classify"}
    assert helix.json("apply", name, "--yes") == {"id": id, "version": 1, "created": False, "differences": []}


def test_apply_shows_what_differs_and_is_one_version_and_one_step_to_undo(
    remote: Helix, read: Read, programs: Programs
) -> None:
    name = remote.write(FILE)
    remote.run("apply", name, "--yes")
    id = id_in(remote, name)
    before = read(id)
    path = remote.folder / name
    text = path.read_text().replace("Classify", "Sort").replace("model: test", "model: large").replace("Applied", "New")
    text = text.replace("edges:\n", "  c: {kind: output}\nedges:\n  e2: {from: b.out, to: c.in}\n")
    path.write_text(text.replace("  e1: {from: a.out, to: b.in}\n", ""))

    result = remote.run("apply", name, "--yes")

    assert result.stdout.splitlines() == [
        "~ flow Applied",
        '    title: "Applied" → "New"',
        "~ node Sort [b]",
        '    label: "Classify" → "Sort"',
        '    settings.model: "test" → "large"',
        "+ node Output [c]",
        "- edge Start → Classify [e1]",
        "+ edge Sort → Output [e2]",
        "Applied as version 2.",
    ]
    changes = programs.call(programs.owner, "GET", f"/flows/{id}/changes?since=1")["items"]
    assert [one["operation"]["kind"] for one in changes] == ["batch"]
    assert sorted(one["kind"] for one in changes[0]["operation"]["operations"]) == [
        "add_edge",
        "add_node",
        "edit_flow",
        "edit_node",
        "remove_edge",
    ]
    assert remote.json("apply", name, "--yes")["differences"] == []
    programs.call(programs.owner, "POST", f"/flows/{id}/undo")
    after = read(id)
    assert [after[part] for part in ("title", "nodes", "edges")] == [
        before[part] for part in ("title", "nodes", "edges")
    ]


def test_what_people_moved_stays_where_the_file_says_no_place(remote: Helix, read: Read, programs: Programs) -> None:
    name = remote.write(FILE)
    remote.run("apply", name, "--yes")
    id = id_in(remote, name)
    move = {"kind": "move_node", "id": "b", "x": 900, "y": 700}
    programs.call(programs.owner, "POST", f"/flows/{id}/operations", {"operations": [move]})

    assert remote.json("apply", name, "--yes") == {"id": id, "version": 2, "created": False, "differences": []}
    place = next((one["x"], one["y"]) for one in read(id)["nodes"] if one["id"] == "b")
    assert place == (900, 700)


def test_what_no_batch_can_do_replaces_the_graph(remote: Helix, read: Read) -> None:
    """A node of another kind under the same id; the title is a version of its own then."""
    name = remote.write(FILE)
    remote.run("apply", name, "--yes")
    path = remote.folder / name
    path.write_text(
        path.read_text().replace("kind: agent", "kind: api").replace("model: test", "url: x").replace("Applied", "New")
    )

    applied = remote.json("apply", name, "--yes")

    flow = read(id_in(remote, name))
    assert (applied["version"], flow["version"], flow["title"]) == (3, 3, "New")
    assert {one["kind"] for one in flow["nodes"]} == {"input", "api"}


def test_json_is_applied_like_yaml(remote: Helix, read: Read) -> None:
    body = {"title": "As JSON", "nodes": [{"id": "n", "kind": "input", "x": 0, "y": 0}], "edges": []}
    name = remote.write(json.dumps(body), "flow.json")

    applied = remote.json("apply", name, "--yes")

    assert json.loads((remote.folder / name).read_text()) == {"id": applied["id"], **body}
    assert read(applied["id"])["title"] == "As JSON"
    assert remote.json("apply", name, "--yes")["created"] is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flowchart LR\n a --> b\n", "is no flow as"),
        ("helix: 1\nid: nonsense\nnodes: {}\n", "is no id of a flow"),
        ("helix: 1\nnodes: {a: {kind: nothing}}\n", "nodes[0]: "),
        ("helix: 1\nnodes: {a: {kind: input}}\nedges: {e: {from: a.out, to: gone.in}}\n", "cannot be held"),
        ('helix: 1\nid: "00000000-0000-4000-8000-000000000000"\nnodes: {}\n', "flow"),
    ],
)
def test_a_file_that_cannot_be_applied_changes_nothing(remote: Helix, text: str, said: str) -> None:
    name = remote.write(text)

    result = remote.run("apply", name, "--yes")

    assert result.returncode == 1
    assert said in result.stderr.lower() or said in result.stderr
    assert "Traceback" not in result.stderr
    assert (remote.folder / name).read_text() == text


def test_who_cannot_be_asked_says_yes_beforehand(remote: Helix) -> None:
    result = remote.run("apply", remote.write(FILE))

    assert (result.returncode, result.stdout) == (2, "")


def test_a_person_is_asked_and_a_change_meanwhile_is_noticed(remote: Helix, read: Read, programs: Programs) -> None:
    """On a terminal: while the question stands somebody renames the flow: nothing is written."""
    name = remote.write(FILE)
    remote.run("apply", name, "--yes")
    id = id_in(remote, name)
    path = remote.folder / name
    path.write_text(path.read_text().replace("Classify", "Sort"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "helix.cli", "flows", "apply", name],
        env=clean_environment(**remote.variables, TERM="xterm"),
        cwd=remote.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_until(ours, b"Apply this?")
    programs.call(programs.owner, "PATCH", f"/flows/{id}", {"title": "Meanwhile"})
    os.write(ours, b"y\n")
    rest = read_until(ours, None)
    os.close(ours)

    assert process.wait(30) == 1
    assert b"\x1b[33m" in shown
    assert b"Somebody changed the flow meanwhile" in rest
    assert b'"Meanwhile"' in rest
    assert read(id)["version"] == 2
    assert {node["label"] for node in read(id)["nodes"]} == {"Start", "Classify"}


def read_until(terminal: int, mark: bytes | None) -> bytes:
    """Read a terminal until a mark stands there, or until its end."""
    held = b""
    while mark is None or mark not in held:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        held += part
    return held


def test_files_are_validated_without_any_installation(tmp_path: Path) -> None:
    helix = Helix(tmp_path)
    good = helix.write(FILE + "layout: {}\n", "good.yaml")
    worse = helix.write("helix: 1\nnodes: {a: {kind: api, label: Call}}\n", "worse.yaml")
    broken = helix.write("helix: 1\nnodes: {a: *b}\n", "broken.yaml")

    assert helix.run("validate", good).returncode == 0
    result = helix.run("validate", good, worse, broken)
    assert result.returncode == 1
    assert any(line.startswith("worse.yaml: error missing_setting a: ") for line in result.stdout.splitlines())
    assert any(line.startswith("broken.yaml:2:") for line in result.stdout.splitlines())
    items = helix.json("validate", good, broken, status=1)["items"]
    assert items[0]["counts"]["error"] == 0
    assert items[1]["error"]["line"] == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["broken.yaml", "good.yaml", "worse.yaml"]


def heeds_interrupts() -> None:
    """Undo what a shell does to what it runs in the background, these tests perhaps: there Ctrl+C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_changes_are_watched_as_they_are_made(helix: Helix, programs: Programs) -> None:
    """Two edits at different times, in order, as lines of JSON; Ctrl+C ends it quietly."""
    command = [sys.executable, "-m", "helix.cli", "flows", "watch", programs.flow, "--since", "0", "--json"]
    process = subprocess.Popen(
        [*command, *helix.options],
        env=clean_environment(**helix.variables),
        cwd=helix.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_interrupts,  # noqa: PLW1509  (no thread runs yet)
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["version"] == 1
    for number in (2, 3):
        programs.call(programs.owner, "PATCH", f"/flows/{programs.flow}", {"title": f"Now {number}"})
        told = json.loads(process.stdout.readline())
        assert (told["version"], told["operation"]["set"]) == (number, {"title": f"Now {number}"})
        assert told["actor"]["name"] == "Program"
    process.send_signal(signal.SIGINT)
    _rest, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")


def test_a_reader_that_goes_away_is_no_error(remote: Helix, programs: Programs) -> None:
    command = [sys.executable, "-m", "helix.cli", "flows", "watch", programs.flow, "--since", "0", *remote.options]
    process = subprocess.Popen(
        command,
        env=clean_environment(**remote.variables),
        cwd=remote.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    programs.call(programs.owner, "PATCH", f"/flows/{programs.flow}", {"title": "Unread"})

    assert process.wait(60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_local_change_reaches_those_who_follow_the_running_server(
    local: Helix, server: Server, programs: Programs
) -> None:
    """Without Redis nobody is told at once; the log is read again every few seconds."""
    seen: list[dict[str, Any]] = []
    follower = subprocess.Popen(
        [sys.executable, "-m", "helix.cli", "flows", "watch", programs.flow, "--since", "1", "--json"],
        env=clean_environment(HELIX_URL=server.url, HELIX_TOKEN=programs.owner),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout is not None
    reader = threading.Thread(target=lambda: seen.append(json.loads(follower.stdout.readline())))  # type: ignore[union-attr]
    reader.start()
    name = local.write("helix: 1\ntitle: From here\nnodes: {}\n")
    local.run("apply", name, "--flow", programs.flow, "--yes")
    reader.join(60)
    follower.kill()
    follower.communicate()

    assert [one["operation"]["operations"] for one in seen] == [[{"kind": "edit_flow", "set": {"title": "From here"}}]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--url", "http://127.0.0.1:1"], "access token"),
        (["list", "--url", "ftp://x", "--token", "t"], "no address"),
        (["list", "--url", "http://x", "--token", "t", "--data-dir", "."], "either"),
        (["list", "--data-dir", "."], "no installation"),
        (["no-such-command"], "No such command"),
        (["export"], "Missing argument"),
    ],
)
def test_a_wrong_use_ends_with_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = Helix(tmp_path).run(*arguments)

    assert result.returncode == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_or_refuses_is_one_sentence(tmp_path: Path, server: Server) -> None:
    helix = Helix(tmp_path)

    away = helix.run("list", "--url", "http://127.0.0.1:1", "--token", "t")
    refused = helix.run("list", "--url", server.url, "--token", "t")

    assert (away.returncode, away.stderr.count("\n"), away.stderr.startswith("Cannot reach 127.0.0.1")) == (1, 1, True)
    assert (refused.returncode, refused.stderr) == (1, "The access token is not valid or has expired.\n")


def test_nobody_acts_in_a_strangers_name_by_a_header(server: Server) -> None:
    for name in ("helix.person", "Helix-Person", "helix_person"):
        assert server.fetch("/api/v1/flows", **{name: "1"}).status_code == 401


def test_what_a_title_hides_is_spelled_out(remote: Helix, programs: Programs) -> None:
    body = {"title": "T", "nodes": [{"id": "n", "kind": "input", "x": 0, "y": 0, "label": "\x1b[31mred\x07"}]}
    id = programs.call(programs.owner, "POST", "/flows", body)["id"]

    assert "\\x1b[31mred\\x07 [n]" in remote.run("show", id).stdout
