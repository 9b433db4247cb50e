"""Runs on the wire: who is told what of them, from where, and how little is needed for it."""

import asyncio
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.models import Flow
from flows.parsing import parse_flow
from flows.publish import group_name
from runs import node_state
from runs.models import Run, Task
from runs.node_state import state_of
from sessions import supervisor
from sessions.live.run_fold import RunFold, TaskChange, change_of
from sessions.live.runs import PAUSE
from tests.sessions.client import Client, connect
from tests.sessions.conftest import Join, token_of
from tests.sessions.replica import Frame
from tests.sessions.run_rows import Written
from tests.sessions.run_rows import written as written_sync
from web.deferred_translation import kept, stored

written = sync_to_async(written_sync)
UNKNOWN = str(uuid.UUID(int=7))


async def told(client: Client, run: Written) -> Frame:
    """Read until everything that happened in a run was told; return the nodes as they are."""
    nodes: dict[str, Any] = getattr(client, "nodes", {})
    client.nodes = nodes  # type: ignore[attr-defined]
    while True:
        frame = await client.next("run", where=lambda frame: frame["run"] == str(run.id))
        nodes |= {entry[0]: entry for entry in frame["tasks"]}
        if frame["seq"] >= run.seq:
            return frame


# Who is told.


async def test_what_happens_everybody_is_told_unasked(join: Join, flow: Flow) -> None:
    alice, vera = await join("alice"), await join("vera")
    run = await written(flow)

    await run.happens("a", "queued", "running")
    for one in (alice, vera):
        frame = await told(one, run)
        assert (frame["previous"], frame["seq"], frame["state"]) == (0, 4, "running")
        assert frame["tasks"] == [["a", "running", 0, 1, 1, ""]]

    await run.happens("a", "done")
    frame = await told(vera, run)
    assert (frame["previous"], frame["tasks"]) == (4, [["a", "done", 1, 1, 1, ""]])


async def test_the_welcome_names_the_last_runs_newest_first(join: Join, flow: Flow) -> None:
    runs = [await written(flow, minutes_ago=minutes) for minutes in range(25, 0, -1)]

    entries = (await join("vera")).welcome["runs"]
    assert [entry["id"] for entry in entries] == [str(run.id) for run in reversed(runs[-20:])]
    assert entries[0] == {"id": str(runs[-1].id), "version": 1, "state": "running", "progress": 0.0, "seq": 2}


async def test_a_run_of_another_flow_is_never_told(join: Join, flow: Flow, cast: Any) -> None:
    charlie = Person(cast["charlie"].pk)
    other = await sync_to_async(create_flow)(charlie, parse_flow(title="Another", nodes=[], edges=[]), via="api")
    hidden, client = await written(other), await join("alice")

    await client.send("run_follow", run=str(hidden.id))
    assert (await client.next("error"))["code"] == "not_found"
    message = {"type": "flow.run", "flow": str(flow.pk), "run": str(hidden.id), "seq": hidden.seq}
    await get_channel_layer().group_send(group_name(flow.pk), message)
    mine = await written(flow)
    await mine.happens("a", "running")
    assert (await client.next("run"))["run"] == str(mine.id)


async def test_an_unknown_run_is_not_found(join: Join) -> None:
    client = await join("alice")

    await client.send("run_follow", run=UNKNOWN)

    assert (await client.next("error"))["message"] == "Not found."


# Gaps.


async def test_a_gap_is_filled_with_what_changed_since(join: Join, flow: Flow) -> None:
    run = await written(flow)
    await sync_to_async(run.task)("a", "running", "done")
    client = await join("bob")
    await run.happens("b", "running")
    await told(client, run)

    await client.send("run_follow", run=str(run.id), since=0)
    whole = await told(client, run)
    await client.send("run_follow", run=str(run.id), since=run.seq - 1)
    last = await told(client, run)

    assert {entry[0] for entry in whole["tasks"]} == {"a", "b"}
    assert [entry[0] for entry in last["tasks"]] == ["b"]


async def test_a_run_older_than_the_last_ones_can_be_followed(join: Join, flow: Flow) -> None:
    old = await written(flow, minutes_ago=60)
    await sync_to_async(old.task)("a", "failed", error={"code": "timeout", "message": "Too slow."})
    for _ in range(20):
        await written(flow)
    client = await join("alice")

    await client.send("run_follow", run=str(old.id))

    assert (await told(client, old))["tasks"] == [["a", "failed", 1, 1, 1, "Too slow."]]


async def test_a_lost_hint_is_made_up_for(join: Join, flow: Flow) -> None:
    client = await join("alice")
    run = await written(flow)
    await sync_to_async(run.task)("a", "running")

    supervisor.current().session_for(flow.pk).runs.look()

    assert (await told(client, run))["tasks"] == [["a", "running", 0, 1, 1, ""]]


async def test_hints_that_come_twice_or_late_tell_nothing_new(join: Join, flow: Flow) -> None:
    client, run = await join("alice"), await written(flow)
    await run.happens("a", "running")
    await told(client, run)
    late, run.seq = run.seq, 1
    await run.hint()
    run.seq = late
    await run.hint()
    await run.happens("a", "done")

    frame = await told(client, run)
    assert frame["previous"] == late


# How much.


async def test_many_events_are_one_frame(join: Join, flow: Flow) -> None:
    client, run = await join("alice"), await written(flow)
    await run.happens("a", "running")
    await told(client, run)
    frames = 0
    started = asyncio.get_running_loop().time()
    for item in range(60):
        await run.happens("b", "running", "done", path=str(item))
    while True:
        frames += 1
        if (await client.next("run"))["seq"] == run.seq:
            break
    took = asyncio.get_running_loop().time() - started
    assert frames <= took / PAUSE + 2


async def test_iterations_are_counts_and_a_loop_says_its_own(join: Join, flow: Flow) -> None:
    client, run = await join("alice"), await written(flow)
    await sync_to_async(run.event)("task_started", "a", state="running", attempt=1, done=0, total=20)
    for item in range(5):
        await sync_to_async(run.task)("b", "done" if item < 3 else "running", path=str(item))
    await run.happens("a", "running", done=3, total=20)

    await told(client, run)
    assert client.nodes == {"a": ["a", "running", 3, 20, 1, ""], "b": ["b", "running", 3, 5, 1, ""]}  # type: ignore[attr-defined]


async def test_a_reader_far_behind_gets_the_tasks_instead_of_the_log(join: Join, flow: Flow, monkeypatch: Any) -> None:
    monkeypatch.setattr("sessions.run_reading.MOST_EVENTS", 10)
    client, run = await join("alice"), await written(flow)
    for item in range(20):
        await sync_to_async(run.task)("b", "running", "done", path=str(item))
    await run.hint()

    assert (await told(client, run))["tasks"] == [["b", "done", 20, 20, 1, ""]]


async def test_a_run_of_many_nodes_comes_in_frames_that_fit(join: Join, flow: Flow, settings: Any) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, outbound_frame_bytes=2_000)
    client, run = await join("alice", format="html"), await written(flow)
    for number in range(200):
        await sync_to_async(run.task)(f"node-{number}", "done")
    await run.hint()

    nodes = set()
    while len(nodes) < 200:
        frame = await client.next("run")
        assert len(frame["tasks"]) < 100
        nodes |= {entry[0] for entry in frame["tasks"]}


# What a socket does not want.


async def test_who_unfollows_is_told_nothing_until_they_follow_again(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob")
    run, other = await written(flow), await written(flow)
    await run.happens("a", "running")
    await told(alice, run)
    await alice.send("run_unfollow", run=str(run.id))
    await alice.send("ping")
    await alice.next("pong")

    await run.happens("a", "done")
    await told(bob, run)
    await other.happens("b", "running")
    assert (await alice.next("run"))["run"] == str(other.id)
    await alice.send("run_follow", run=str(run.id), since=3)
    assert (await told(alice, run))["tasks"] == [["a", "done", 1, 1, 1, ""]]


async def test_words_pass_through_joined(join: Join, flow: Flow) -> None:
    client, run = await join("vera"), await written(flow)
    for word in ("Hello ", "Jo, ", "you can"):
        message = {"type": "flow.run_text", "flow": str(flow.pk), "run": str(run.id), "node": "a", "text": word}
        await get_channel_layer().group_send(group_name(flow.pk), message)

    said = ""
    while said != "Hello Jo, you can":
        frame = await client.next("run_text")
        assert (frame["run"], frame["node"]) == (str(run.id), "a")
        said += frame["text"]


async def test_nobody_here_costs_nothing_and_a_newcomer_sees_how_it_is(join: Join, flow: Flow) -> None:
    client, run = await join("alice"), await written(flow)
    await run.happens("a", "running")
    await told(client, run)
    await client.leave()
    await run.happens("a", "done")
    await sync_to_async(Run.objects.filter(pk=run.id).update)(state="done")

    again = await join("alice")
    await again.send("run_follow", run=str(run.id), since=3)
    while not (await told(again, run))["tasks"]:
        pass
    assert again.nodes["a"] == ["a", "done", 1, 1, 1, ""]  # type: ignore[attr-defined]


# The fold, by itself.


def test_the_state_shown_is_of_the_iteration_furthest_from_its_end() -> None:
    assert state_of({}) == "waiting"
    assert state_of({"done": 3, "running": 1, "failed": 1}) == "running"
    assert state_of({"done": 3, "waiting": 1}) == "running"
    assert state_of({"queued": 1, "asking": 1}) == "asking"
    assert state_of({"done": 3, "failed": 1}) == "failed"
    assert state_of({"done": 1, "skipped": 2}) == "done"
    assert state_of({"skipped": 2}) == "skipped"


def test_nothing_goes_on_in_a_run_that_is_over() -> None:
    assert state_of({"running": 1}, is_over=True) == "cancelled"
    assert state_of({"done": 2, "failed": 1, "ready": 1}, is_over=True) == "failed"
    assert state_of({"done": 2, "waiting": 1}, is_over=True) == "cancelled"
    assert state_of({"ready": 1}, is_over=True) == state_of({"skipped": 1, "waiting": 1}, is_over=True) == "waiting"
    assert state_of({"done": 2, "skipped": 1}, is_over=True) == "done"


def test_a_node_is_shown_by_the_states_of_tasks() -> None:
    assert (node_state.ENDED, {*node_state.GOING_ON, *node_state.ENDS}) == (Task.ENDED, {*Task.State.values})


def test_a_failure_in_an_iteration_keeps_its_message() -> None:
    fold = RunFold()
    fold.take([TaskChange(1, "t.0", "n", "failed", 2, None, "503")], 1)
    fold.take([TaskChange(2, "t.1", "n", "done", 1)], 2)

    assert fold.entries(0) == [("n", "failed", 2, 2, 1, "503")]


def test_what_is_retried_is_no_longer_failed() -> None:
    fold = RunFold()
    fold.take([TaskChange(1, "t", "n", "failed", 1, None, "503"), TaskChange(2, "t", "n", "queued", 1)], 2)

    assert fold.entries(1) == [("n", "queued", 0, 1, 1, "")]
    assert fold.entries(2) == []


def test_a_loop_that_a_failure_left_open_ends_with_its_run_and_goes_on_with_it() -> None:
    fold = RunFold()
    fold.take([TaskChange(1, "l", "l", "running", 1, (1, 3)), TaskChange(2, "t.1", "n", "failed", 1)], 2)
    fold.take([], 3, is_over=True)
    assert fold.entries(2) == [("l", "cancelled", 1, 3, 1, "")]

    fold.take([], 4)
    assert fold.entries(3) == [("l", "running", 1, 3, 1, "")]


def test_events_without_a_node_or_state_are_no_change_of_one() -> None:
    assert change_of(1, "run_paused", "", "", {"state": "paused"}) is None
    assert change_of(1, "checkpoint", "t", "n", {"name": "x"}) is None
    progress = change_of(1, "task_progress", "t", "n", {"state": "running", "attempt": 1, "progress": 0.615})
    assert progress is not None
    assert progress.message == "62%"


# Started and steered by a socket.


@pytest.fixture
def small(cast: Any) -> Flow:
    """A flow of alice's that bob edits and vera views, which runs, and asks the editors before it ends."""
    asks = {"transformation": "Yo", "ask_first": {"who": "editors", "question": "Go on?"}}
    nodes = [
        {"id": "say", "kind": "transform", "x": 0, "y": 0, "label": "Say", "settings": {"transformation": "Hi"}},
        {
            "id": "out",
            "kind": "transform",
            "x": 200,
            "y": 0,
            "label": "Out",
            "settings": {"transformation": "Yo"} | asks,
        },
        {"id": "end", "kind": "output", "x": 400, "y": 0, "label": "End"},
    ]
    edges = [{"id": "so", "source": "say", "target": "out"}, {"id": "oe", "source": "out", "target": "end"}]
    alice = Person(cast["alice"].pk)
    made = create_flow(alice, parse_flow(title="Small", nodes=nodes, edges=edges), via="api")
    for name, role in (("bob", Role.EDITOR), ("vera", Role.VIEWER)):
        set_member(alice, made.pk, person=f"{name}@example.com", role=role)
    return made


async def enter(small: Flow, cast: Any, name: str) -> Client:
    client = await connect(await sync_to_async(token_of)(cast[name]), small.pk)
    await client.hello()
    return client


async def act(client: Client, action: str, seq: int, **parameters: object) -> Frame:
    """Send one action; return its answer."""
    await client.send("execute_action", seq=seq, action=action, parameters=parameters)
    return await client.next("acked", "refused", where=lambda frame: frame["seq"] == seq)


async def test_a_viewer_starts_nothing_and_is_told(live: None, small: Flow, cast: Any) -> None:
    vera = await enter(small, cast, "vera")

    assert (await act(vera, "run", 1))["code"] == "forbidden"
    assert await sync_to_async(Run.objects.count)() == 0
    await vera.leave()


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("run", {"version": "1"}, "invalid"),
        ("run", {"version": 99}, "not_found"),
        ("run", {"input": "none"}, "invalid"),
        ("run", {"from": {"run": UNKNOWN, "node": "say"}}, "not_found"),
        ("cancel_run", {}, "invalid"),
        ("cancel_run", {"run": UNKNOWN}, "not_found"),
        ("retry_run", {"run": UNKNOWN, "tasks": "all"}, "invalid"),
        ("answer", {"run": UNKNOWN, "task": "t", "value": True}, "not_found"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_the_socket_lives(
    live: None, small: Flow, cast: Any, action: str, parameters: dict[str, object], code: str
) -> None:
    alice = await enter(small, cast, "alice")

    assert (await act(alice, action, 1, **parameters))["code"] == code
    await alice.send("ping")
    await alice.next("pong")
    await alice.leave()


async def test_a_run_is_started_once_however_often_it_is_asked_for(live: None, small: Flow, cast: Any) -> None:
    alice, bob = await enter(small, cast, "alice"), await enter(small, cast, "bob")

    first = await act(alice, "run", 1)
    again = await act(alice, "run", 1)
    other = await act(bob, "run", 1)

    assert first["version"] == 1
    assert first["run"] == again["run"] != other["run"]
    assert await sync_to_async(Run.objects.count)() == 2
    frame = await bob.next("run", where=lambda frame: frame["run"] == first["run"])
    assert frame["previous"] == 0
    for one in (alice, bob):
        await one.leave()


async def test_it_is_paused_answered_and_goes_on_and_repeats_change_nothing(live: None, small: Flow, cast: Any) -> None:
    alice, bob = await enter(small, cast, "alice"), await enter(small, cast, "bob")
    run = (await act(alice, "run", 1))["run"]
    task = f"{run.replace('-', '')}.out."

    for seq, action in enumerate(("pause_run", "pause_run", "resume_run", "resume_run"), 2):
        assert (await act(alice, action, seq, run=run))["type"] == "acked"
    assert (await act(alice, "answer", 6, run=run, task=task, value=True))["type"] == "acked"
    assert (await act(alice, "answer", 6, run=run, task=task, value=True))["type"] == "acked"
    assert (await act(bob, "answer", 1, run=run, task=task, value=False))["code"] == "answered"

    done = await alice.next("run", where=lambda frame: frame["run"] == run and frame["state"] == "done")
    assert done["progress"] == 1
    assert (await act(alice, "cancel_run", 7, run=run))["code"] == "wrong_state"
    for one in (alice, bob):
        await one.leave()


async def test_why_a_node_is_as_it_is_is_said_in_the_language_of_each(
    live: None, flow: Flow, cast: dict[str, User]
) -> None:
    readers = {}
    for language in ("en", "de"):
        token = await sync_to_async(token_of)(cast["vera"])
        readers[language] = await connect(token, flow.pk, {"Accept-Language": language})
        await readers[language].hello(client=f"reader-in-{language}")
    run = await written(flow)

    reason = stored(kept("no worker with %(labels)s") % {"labels": "gpu"})
    await run.happens("a", "queued", reason=reason)
    await run.happens("b", "failed", error={"code": "x", "message": stored(kept("The code took too long."))})

    shown_to = {}
    for language, reader in readers.items():
        await told(reader, run)
        shown_to[language] = {id: entry[5] for id, entry in reader.nodes.items()}  # type: ignore[attr-defined]
    assert shown_to["en"] == {"a": "no worker with gpu", "b": "The code took too long."}
    assert shown_to["de"] == {"a": "kein Worker mit gpu", "b": "Der Code hat zu lange gebraucht."}
