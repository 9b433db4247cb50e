"""Pages of runs: who sees what, what they say, and how little is read for it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.models import Flow
from flows.parsing import parse_flow
from flows.rates import count_operations, operations
from runs.models import Attempt, Checkpoint, Question, Run, Task, Worker
from runs.pages.state_texts import seconds, texts
from tests.api.conftest import Program
from tests.sessions.run_rows import Written, written
from web.deferred_translation import kept, stored

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parent.parent.parent
Enter = Callable[[User], Client]
HX = {"HX-Request": "true"}
NODES: list[dict[str, Any]] = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ticket"},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "<b>Draft</b>", "settings": {"prompt": "Write"}},
]


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    edges = [{"id": "ab", "source": "a", "target": "b"}]
    made = create_flow(Person(alice.pk), parse_flow(title="Triage", nodes=NODES, edges=edges), via="api")
    for person, role in ((bob, Role.EDITOR), (vera, Role.VIEWER)):
        set_member(Person(alice.pk), made.pk, person=person.email, role=role)
    return made


@pytest.fixture
def enter() -> Enter:
    def log_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return log_in


@pytest.fixture
def run(flow: Flow) -> Written:
    made = written(flow)
    made.task("a", "running", "done")
    made.task("b", "running")
    return made


def base(run: Written) -> str:
    return f"/flows/{run.flow}/runs/{run.id}"


# Who.


def test_a_stranger_finds_nothing_of_it(run: Written, enter: Enter, charlie: User) -> None:
    client = enter(charlie)
    for path in (f"/flows/{run.flow}/runs/", f"{base(run)}/", f"{base(run)}/drawer", f"{base(run)}/nodes/a"):
        assert client.get(path).status_code == 404


def test_a_run_of_another_flow_is_not_found_in_this_one(run: Written, enter: Enter, alice: User) -> None:
    other = create_flow(Person(alice.pk), parse_flow(title="Other", nodes=[], edges=[]), via="api")
    assert enter(alice).get(f"/flows/{other.pk}/runs/{run.id}/drawer").status_code == 404


def test_who_is_logged_out_is_led_to_the_login(run: Written) -> None:
    answer = Client().get(f"{base(run)}/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/login/")


def test_a_viewer_sees_but_can_neither_start_nor_steer(run: Written, enter: Enter, vera: User) -> None:
    client = enter(vera)
    drawer = client.get(f"{base(run)}/drawer", headers=HX)
    assert drawer.status_code == 200
    assert b"data-run-do" not in drawer.content
    assert b"data-run-do" not in client.get(f"{base(run)}/nodes/b", headers=HX).content
    assert client.get(f"/flows/{run.flow}/runs/start").status_code == 403
    assert client.post(f"/flows/{run.flow}/runs/start").status_code == 403
    assert client.post(f"{base(run)}/steer", {"do": "cancel"}).status_code == 403


def test_what_the_state_does_not_allow_is_said_in_words(run: Written, enter: Enter, alice: User) -> None:
    Run.objects.filter(pk=run.id).update(state="done")
    answer = enter(alice).post(f"{base(run)}/steer", {"do": "pause"})
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (409, "text/plain")
    assert enter(alice).post(f"{base(run)}/steer", {"do": "explode"}).status_code == 400


# What people call their fields.


def test_fields_may_be_called_as_the_page_calls_its_own(enter: Enter, alice: User) -> None:
    names = ("ask", "key", "run-name", "csrfmiddlewaretoken")
    fields = [{"name": name, "title": name, "type": "string"} for name in names]
    ticket = {"id": "a", "kind": "input", "x": 0, "y": 0, "settings": {"fields": fields}}
    upper = {"id": "b", "kind": "transform", "x": 9, "y": 0, "settings": {"type": "expression", "transformation": "1"}}
    edge = {"id": "ab", "source": "a", "target": "b"}
    flow = create_flow(Person(alice.pk), parse_flow(title="T", nodes=[ticket, upper], edges=[edge]), via="api")
    given = {f"in.{name}": name.upper() for name in names}

    shown = enter(alice).get(f"/flows/{flow.pk}/runs/start", headers=HX).content.decode()
    own = {"key": "k", "run-name": "First"}
    started = enter(alice).post(f"/flows/{flow.pk}/runs/start", given | own, headers=HX)

    assert all(f'name="in.{name}"' in shown for name in names)
    assert 'name="run-name"' in shown
    assert (started.status_code, "run-started" in started["HX-Trigger"]) == (204, True)
    run = Run.objects.get(flow=flow.pk)
    assert (json.loads(run.input or ""), run.name) == ({name: name.upper() for name in names}, "First")


def test_an_answer_may_have_fields_as_the_page_has(run: Written, enter: Enter, bob: User) -> None:
    Task.objects.filter(run=run.id, node="b").update(state="asking")
    names = ("task", "reply", "list")
    form = [{"name": name, "title": name, "type": "string", "required": True} for name in names]
    key = f"{run.id.hex}.b."
    asked = Question.objects.create(
        task_id=key, run_id=run.id, flow_id=run.flow, question="?", form=json.dumps(form), asked_at=timezone.now()
    )
    given = {"task": key, "reply": "yes", "in.task": "T", "in.reply": "no"}
    ids = lambda html: re.findall(r'<textarea id="([^"]+)"', html)  # noqa: E731

    shown = enter(bob).get(f"{base(run)}/nodes/b", headers=HX).content.decode()
    refused = enter(bob).post(f"{base(run)}/answer", given, headers=HX)

    assert refused.status_code == 422
    again = refused.content.decode()
    assert ">no</textarea>" in again
    assert 'name="list" value="1"' not in again
    assert ids(again) == ids(shown) == [f"run-q-{asked.pk.hex[:8]}-{name}" for name in names]
    assert enter(bob).post(f"{base(run)}/answer", given | {"in.list": "L"}, headers=HX).status_code == 204
    asked.refresh_from_db()
    assert json.loads(asked.value or "") == {"task": "T", "reply": "no", "list": "L"}


@pytest.mark.parametrize(
    ("run_state", "task", "offered"),
    [
        ("running", {"state": "running"}, {"roll_back"}),
        ("running", {"state": "done"}, set()),
        ("running", {"state": "failed"}, set()),
        ("running", {"state": "failed", "is_dead_letter": True}, {"retry", "roll_back"}),
        ("failed", {"state": "failed", "is_dead_letter": True}, {"retry", "roll_back"}),
        ("failed", {"state": "queued"}, set()),
        ("cancelled", {"state": "failed", "is_dead_letter": True}, set()),
    ],
)
def test_only_what_the_state_allows_is_offered(
    run: Written, enter: Enter, bob: User, run_state: str, task: dict[str, Any], offered: set[str]
) -> None:
    Run.objects.filter(pk=run.id).update(state=run_state)
    Task.objects.filter(run=run.id, node="b").update(**task)
    Checkpoint.objects.create(task_id=f"{run.id.hex}.b.", number=1, name="half", value="1", at=timezone.now())
    client = enter(bob)
    does = lambda path: set(re.findall(r'data-run-do="(\w+)"', client.get(path, headers=HX).content.decode()))  # noqa: E731

    assert does(f"{base(run)}/nodes/b") - {"again"} == offered
    assert ("retry" in does(f"{base(run)}/drawer")) == ("retry" in offered)


# What is shown.


def test_nothing_that_a_person_or_a_model_wrote_becomes_markup(run: Written, enter: Enter, vera: User) -> None:
    hostile = json.dumps("<script>alert(1)</script>")
    Task.objects.filter(run=run.id).update(output=hostile, error_message="<img onerror=x>", reason="<i>")
    Run.objects.filter(pk=run.id).update(output=hostile, input=hostile, name="<u>", reason="<s>", state="failed")
    client = enter(vera)
    paths = (f"{base(run)}/", f"{base(run)}/nodes/b", f"/flows/{run.flow}/runs/", "/dead-letters/")
    tabs = tuple(f"{base(run)}/drawer?tab={tab}" for tab in ("timeline", "log", "output"))
    for path in (*paths, *tabs):
        html = client.get(path, headers={} if path.endswith("/") else HX).content.decode()
        assert not re.search(r"<script>|<img on|<i>|<u>|<s>|<b>|<[^>]* style=|<[^>]* on[a-z]+=", html), path


def test_why_something_failed_is_shown_in_the_readers_language(run: Written, enter: Enter, vera: User) -> None:
    error = stored(kept("There is no method “%(name)s”.") % {"name": "<b>"})
    reason = stored(kept("“%(what)s” failed.") % {"what": "Draft"})
    run.event("task_failed", "b", state="failed", error={"code": "x", "message": error})
    Task.objects.filter(run=run.id, node="b").update(state="failed", error_message=error, is_dead_letter=True)
    Run.objects.filter(pk=run.id).update(reason=reason, state="failed")
    client = enter(vera)

    def read(path: str, language: str) -> str:
        given = {"Accept-Language": language} | ({} if path.endswith("/") else HX)
        return unescape(client.get(path, headers=given).content.decode())

    log = f"{base(run)}/drawer?tab=log"
    for path in (f"{base(run)}/nodes/b", f"{base(run)}/drawer", log, "/dead-letters/"):
        assert "Die Methode „<b>“ gibt es nicht." in read(path, "de"), path
        assert "There is no method “<b>”." in read(path, "en"), path
        assert '{"say"' not in read(path, "de"), path
    assert "„Draft“ ist fehlgeschlagen." in read(f"{base(run)}/drawer", "de")


def test_scripts_say_every_text_that_they_are_given_and_no_other() -> None:
    scripts = "".join(path.read_text() for path in (ROOT / "static/js/runs").glob("*.js"))
    told = {name for name in texts() if not name.startswith("state_")}

    assert {name for name in told if not re.search(rf"""["']{name}["']""", scripts)} == set()
    assert set(re.findall(r"""(?:texts|#texts|this)\.#?say\("(\w+)\"""", scripts)) <= told


def test_the_timeline_names_every_node_and_says_its_state_in_words(run: Written, enter: Enter, vera: User) -> None:
    html = enter(vera).get(f"{base(run)}/drawer", headers=HX).content.decode()

    assert re.findall(r'data-run-row="(\w+)" data-state="(\w+)"', html) == [("a", "done"), ("b", "running")]
    assert f'href="{base(run)}/">Version 1</a>' in html
    assert "&lt;b&gt;Draft&lt;/b&gt;" in html
    assert ", Running" in html


def test_a_large_run_costs_no_more_than_a_small_one(
    run: Written, enter: Enter, vera: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Task.objects.bulk_create(
        Task(key=f"{run.id.hex}.b.{n}", run_id=run.id, node="b", path=str(n), kind="agent", state="done", attempt=1)
        for n in range(5_000)
    )
    client = enter(vera)
    with django_assert_max_num_queries(20):
        html = client.get(f"{base(run)}/drawer", headers=HX).content.decode()
    assert len(html) < 200_000
    assert "5001 of 5002" in html or "5,001 of 5,002" in html
    with django_assert_max_num_queries(25):
        assert client.get(f"{base(run)}/nodes/b", headers=HX).status_code == 200


def test_of_a_large_loop_the_urgent_tasks_and_the_asked_one_are_shown(
    run: Written, enter: Enter, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Task.objects.filter(run=run.id, node="b").delete()
    Task.objects.bulk_create(
        Task(key=f"{run.id.hex}.b.{n}", run_id=run.id, node="b", path=str(n), kind="agent", state="done")
        for n in range(1_500)
    )
    Task.objects.filter(run=run.id, path="1499").update(state="failed", error_message="Broken")
    client = enter(bob)
    paths = lambda html: re.findall(r'<option value="(\d+)"', html)  # noqa: E731

    with django_assert_max_num_queries(25):
        html = client.get(f"{base(run)}/nodes/b", headers=HX).content.decode()
    assert 'data-path="1499"' in html
    assert "Broken" in html
    assert paths(html) == ["1499", *map(str, range(99))]
    assert "1400 more" in html
    asked = client.get(f"{base(run)}/nodes/b?path=1300", headers=HX).content.decode()
    assert 'data-path="1300"' in asked
    assert paths(asked)[-1] == "1300"
    assert 'data-path="1499"' in client.get(f"{base(run)}/nodes/b?path=9999", headers=HX).content.decode()


def test_of_a_large_run_the_timeline_reads_what_began_last(run: Written, enter: Enter, bob: User) -> None:
    now = timezone.now()
    Task.objects.bulk_create(
        Task(key=f"{run.id.hex}.x.{n}", run_id=run.id, node="x", path=str(n), kind="agent", state="skipped")
        for n in range(600)
    )
    Task.objects.filter(run=run.id, node="b").update(started_at=now, worker="w-9")

    html = enter(bob).get(f"{base(run)}/drawer", headers=HX).content.decode()

    assert 'data-worker="w-9"' in html


def test_what_waited_in_a_run_that_is_over_was_not_reached(run: Written, enter: Enter, bob: User) -> None:
    Task.objects.filter(run=run.id, node="b").update(state="waiting")
    client = enter(bob)
    said = lambda: [client.get(f"{base(run)}/{path}", headers=HX).content for path in ("drawer", "nodes/b")]  # noqa: E731

    assert all(b"Waiting" in html and b"Not reached" not in html for html in said())
    Run.objects.filter(pk=run.id).update(state="failed")
    assert all(b"Waiting" not in html and b"Not reached" in html for html in said())


def test_a_loop_that_a_failure_left_open_does_not_run_in_a_run_that_is_over(
    run: Written, enter: Enter, bob: User
) -> None:
    now = timezone.now()
    Task.objects.filter(run=run.id, node="b").update(kind="loop", started_at=now)
    Attempt.objects.create(task=Task.objects.get(run=run.id, node="b"), number=1, claim=1, started_at=now)
    client = enter(bob)
    said = lambda: [client.get(f"{base(run)}/{path}", headers=HX).content for path in ("drawer", "nodes/b")]  # noqa: E731

    assert all(b'data-state="running"' in html and b"Stopped" not in html for html in said())
    Run.objects.filter(pk=run.id).update(state="failed", ended_at=now)
    assert all(b'data-state="running"' not in html and b"Stopped" in html for html in said())


@pytest.mark.parametrize(("tokens", "said"), [(1, "1 token<"), (2, "2 tokens<")])
def test_tokens_are_counted_in_words(run: Written, enter: Enter, bob: User, tokens: int, said: str) -> None:
    Task.objects.filter(run=run.id, node="b").update(usage=json.dumps({"input_tokens": tokens}))
    assert said in enter(bob).get(f"{base(run)}/nodes/b", headers=HX).content.decode()


def test_a_run_is_drawn_on_its_version(run: Written, enter: Enter, alice: User) -> None:
    client = enter(alice)
    edit = {"operations": [{"kind": "edit_node", "id": "a", "set": {"label": "Renamed"}}]}
    assert client.post(f"/api/v1/flows/{run.flow}/operations", edit, "application/json").status_code == 200

    page = client.get(f"{base(run)}/").content.decode()

    assert 'data-run-version="1"' in page
    assert 'data-label="Ticket"' in page
    assert "Renamed" not in page
    sheet = client.get(f"{base(run)}/layout.css")
    assert (sheet.status_code, b"#n-a{" in sheet.content) == (200, True)


def test_the_list_is_newest_first_in_parts_and_by_state(flow: Flow, enter: Enter, vera: User) -> None:
    runs = [written(flow, minutes_ago=minutes) for minutes in range(60, 0, -1)]
    Run.objects.filter(pk=runs[-1].id).update(state="failed")
    client = enter(vera)
    shown = lambda html: re.findall(r'data-run="([0-9a-f-]+)"', html)  # noqa: E731

    first = client.get(f"/flows/{flow.pk}/runs/list", headers=HX).content.decode()
    assert shown(first) == [str(run.id) for run in reversed(runs[10:])]
    more = re.search(r'href="([^"]+before=[^"]+)"', first)
    assert more
    rest = client.get(more[1].replace("&amp;", "&"), headers=HX).content.decode()
    assert shown(rest) == [str(run.id) for run in reversed(runs[:10])]
    failed = client.get(f"/flows/{flow.pk}/runs/list?show=failed", headers=HX).content.decode()
    assert shown(failed) == [str(runs[-1].id)]


def test_runs_of_one_moment_are_all_in_the_list(flow: Flow, enter: Enter, vera: User) -> None:
    runs = {str(written(flow).id) for _ in range(60)}
    Run.objects.update(created_at=timezone.now())
    client = enter(vera)

    first = client.get(f"/flows/{flow.pk}/runs/list", headers=HX).content.decode()
    more = re.search(r'href="([^"]+before=[^"]+)"', first)
    assert more
    rest = client.get(more[1].replace("&amp;", "&"), headers=HX).content.decode()

    assert sorted(re.findall(r'data-run="([0-9a-f-]+)"', first + rest)) == sorted(runs)


@pytest.mark.parametrize("value", ["a\ud800c", {"a\udfff": ["\ud800"]}])
def test_a_value_that_no_encoding_can_hold_is_shown(value: object, flow: Flow, enter: Enter, vera: User) -> None:
    made, kept = written(flow), json.dumps(value)
    made.task("a", "running", "done")
    Run.objects.filter(pk=made.id).update(input=kept, output=kept)
    Task.objects.filter(run=made.id).update(output=kept)

    for place in ("drawer?tab=output", "nodes/a"):
        assert "\ufffd" in enter(vera).get(f"{base(made)}/{place}", headers=HX).content.decode()


def test_who_is_not_asked_learns_nothing_by_asking_too_often(
    run: Written, enter: Enter, vera: User, settings: Any
) -> None:
    Task.objects.filter(run=run.id, node="b").update(state="asking")
    task = f"{run.id.hex}.b."
    Question.objects.create(
        task_id=task, run_id=run.id, flow_id=run.flow, question="Who is fired?", asked_at=timezone.now()
    )
    client = enter(vera)
    refused = [client.post(f"{base(run)}/answer", {"task": task, "reply": "no"}, headers=HX)]
    operations.forget()
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=1)
    count_operations(vera.pk, settings.HELIX_LIMITS.rest_operation_burst)
    refused += [client.post(f"{base(run)}/answer", {"task": task, "reply": "no"}, headers=HX)]

    assert [answer.status_code for answer in refused] == [403, 429]
    assert refused[1]["Content-Type"].startswith("text/plain")
    assert not any(b"fired" in answer.content for answer in refused)


@pytest.mark.parametrize("do", ["retry", "roll_back"])
def test_a_task_that_no_database_can_hold_is_not_found(do: str, run: Written, enter: Enter, alice: User) -> None:
    client, task = enter(alice), f"{run.id.hex}.b.\0"
    posts = {f"{base(run)}/steer": {"do": do, "task": task}, f"{base(run)}/answer": {"task": task, "reply": "no"}}

    assert [client.post(path, given, headers=HX).status_code for path, given in posts.items()] == [404, 404]
    assert client.post("/dead-letters/", {"task": task}).status_code == 404
    assert client.get(f"{base(run)}/nodes/b?path=%00", headers=HX).status_code == 200


def test_without_scripts_older_runs_are_a_page(run: Written, enter: Enter, vera: User) -> None:
    html = enter(vera).get(f"/flows/{run.flow}/runs/list").content.decode()
    assert "<html" in html
    assert f'data-run="{run.id}"' in html


def test_the_log_names_a_task_of_a_loop_in_a_loop(run: Written, enter: Enter, vera: User) -> None:
    run.task("b", "done", path="0.1")
    assert "[0.1]</button>" in enter(vera).get(f"{base(run)}/drawer?tab=log", headers=HX).content.decode()


def test_a_broken_place_in_the_list_is_the_beginning(run: Written, enter: Enter, vera: User) -> None:
    html = enter(vera).get(f"/flows/{run.flow}/runs/list?before=yesterday&show=%00", headers=HX).content.decode()
    assert f'data-run="{run.id}"' in html


# Over all flows.


def test_only_who_is_asked_sees_the_question(run: Written, enter: Enter, bob: User, vera: User, alice: User) -> None:
    Task.objects.filter(run=run.id, node="b").update(state="asking")
    asked = Question.objects.create(
        task_id=f"{run.id.hex}.b.", run_id=run.id, flow_id=run.flow, question="Send it?", asked_at=timezone.now()
    )
    assert b"Send it?" in enter(bob).get("/questions/").content
    assert b"Send it?" not in enter(vera).get("/questions/").content
    assert enter(vera).get("/questions/", headers=HX).content.strip() == b""
    Question.objects.filter(pk=asked.pk).update(who=json.dumps([vera.email]))
    assert b"Send it?" in enter(vera).get("/questions/").content
    assert b"Send it?" not in enter(alice).get("/questions/").content


def test_questions_of_others_hide_none(
    run: Written, enter: Enter, as_vera: Program, vera: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Task.objects.filter(run=run.id, node="b").update(state="asking")

    def ask(text: str, who: object, at: datetime) -> Question:
        given = {"task_id": f"{run.id.hex}.b.", "run_id": run.id, "flow_id": run.flow, "who": json.dumps(who)}
        return Question(question=text, asked_at=at, **given)

    now = timezone.now()
    others: list[object] = ["editors", [f"x{vera.email}"], ["x@example.com"]]
    asked = [ask("Theirs?", others[n % 3], now + timedelta(seconds=n)) for n in range(1_500)]
    mine = ask("Mine?", ["x@example.com", vera.email.upper()], now + timedelta(seconds=750))
    Question.objects.bulk_create([*asked, mine])

    client = enter(vera)
    with django_assert_max_num_queries(15):
        html = client.get("/questions/").content.decode()
    assert ("Mine?" in html, "Theirs?" in html) == (True, False)
    assert [one["question"] for one in as_vera.get("/questions").json()["items"]] == ["Mine?"]  # type: ignore[attr-defined]
    User.objects.filter(pk=vera.pk).update(email="vera@bücher.example")
    Question.objects.filter(pk=mine.pk).update(who=json.dumps(["Vera@BÜCHER.example"]))
    assert [one["question"] for one in as_vera.get("/questions").json()["items"]] == ["Mine?"]  # type: ignore[attr-defined]


def test_tasks_out_of_tries_are_listed_to_members_and_retried_by_editors(
    run: Written, enter: Enter, bob: User, vera: User, charlie: User
) -> None:
    run.task("b", "failed", error={"code": "timeout", "message": "Too slow"})
    Task.objects.filter(run=run.id, node="b").update(is_dead_letter=True, ended_at=timezone.now())

    assert b"Too slow" in enter(bob).get("/dead-letters/").content
    seen = enter(vera).get("/dead-letters/").content
    assert b"Too slow" in seen
    assert b'name="task"' not in seen
    assert b"Too slow" not in enter(charlie).get("/dead-letters/").content


def test_workers_are_for_staff(enter: Enter, alice: User, bob: User) -> None:
    now = timezone.now()
    times = {"beat_at": now, "started_at": now}
    Worker.objects.create(id="w-1", host="h", release="1", capacity=8, state="ready", lock="1", **times)
    assert enter(alice).get("/workers/").status_code == 403
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    page = enter(bob).get("/workers/").content
    assert b'data-worker-row="w-1"' in page
    assert b"<td>Good</td>" in page
    assert b'hx-trigger="every 3s"' in page


@pytest.mark.parametrize(
    ("took", "said"),
    [(0, "0 ms"), (94, "94 ms"), (100, "0.1 s"), (59_900, "59.9 s"), (60_000, "1 min 0 s"), (7_260_000, "2 h 1 min")],
)
def test_how_long_something_took(took: float, said: str) -> None:
    assert seconds(took) == said
    assert timedelta(milliseconds=took) >= timedelta()
