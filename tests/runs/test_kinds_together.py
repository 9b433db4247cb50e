"""A whole run with a real worker, real sandbox, real calls and real secrets: nothing here stands in for anything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from accounts.models import User
from accounts.principals import Person, System
from flows.commands.templates import create_from_template
from flows.templates import builtin
from runs.models import Run
from runs.secrets import put_secret
from tests.receiver import Receiver
from tests.runs.hands import go, make_flow, node, task_of
from tests.runs.working import data_dir, ended, until, worker
from web.deferred_translation import said
from web.egress import networks

__all__ = ["data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]
SECRET = "swordfish-0123456789"
TOTAL = """def run(name, prices):
    print("adding", len(prices))
    return {"name": name, "total": sum(prices)}"""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A careless server, which says what it was told."""
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.1/32"])
    with Receiver() as receiver:
        receiver.answer = lambda path: (
            200,
            {"Content-Type": "application/json"},
            json.dumps({"you_said": receiver_said(path)}).encode(),
        )
        yield receiver


def receiver_said(path: str) -> str:
    return f"key {SECRET} at {path}"


def rows_of_everything() -> Iterator[str]:
    """Yield every row of runs and of flows, as text."""
    for app in ("runs", "flows"):
        for model in apps.get_app_config(app).get_models():
            for row in model._default_manager.values():
                yield f"{model.__name__}: {row}"


def test_input_code_calls_memory_and_output_work_together(alice: User, receiver: Receiver) -> None:
    flow = make_flow(
        alice,
        [
            node(
                "form",
                "input",
                type="form",
                fields=[{"name": "name", "required": True}, {"name": "prices", "type": "array"}],
            ),
            node("total", code=TOTAL, input_schema={"required": ["name"]}, output_schema={"required": ["total"]}),
            node("keep", "memory", operation="append", type="conversation", key="{{ prev.name }}"),
            node(
                "call",
                "api",
                method="POST",
                url=f"{receiver.url}/{{{{ prev.name }}}}",
                auth="bearer",
                secret="KEY",
                body={"total": "{{ prev.total }}", "again": {"$secret": "KEY"}},
            ),
            node("read", "memory", operation="get", type="conversation", key="{{ input.name }}"),
            node("choose", "decision", expression="nodes['total'].output.total > 5", branches=["true", "false"]),
            node("large", "output", type="text", format_template="{{ nodes['call'].output.body.you_said }}"),
            node("small", "output", type="text", format_template="small"),
        ],
        "form>total",
        "total>keep",
        "keep>call",
        "call>read",
        "read>choose",
        "choose.true>large",
        "choose.false>small",
    )
    put_secret(System(), flow.pk, "KEY", SECRET)

    with worker():
        run = ended(go(alice, flow, now=None, input={"name": "vera", "prices": [1, 2, 3]}))

    assert (run.state, run.reason) == ("done", "")
    assert task_of(run, "small").state == "skipped"
    assert json.loads(run.output or "") == {"large": "key ••• at /vera"}
    assert json.loads(task_of(run, "read").output or "") == [{"name": "vera", "total": 6}]
    (got,) = receiver.received
    assert (got.headers["authorization"], got.headers["idempotency-key"]) == (
        f"Bearer {SECRET}",
        task_of(run, "call").key,
    )
    assert json.loads(got.body) == {"total": "6", "again": SECRET}
    assert [row for row in rows_of_everything() if SECRET in row] == []


def test_what_fails_says_why_without_the_secret(alice: User, receiver: Receiver) -> None:
    receiver.answer = lambda path: (400, {}, f"what is {SECRET}?".encode())
    flow = make_flow(alice, [node("call", "api", url=receiver.url, auth="bearer", secret="KEY")])
    put_secret(System(), flow.pk, "KEY", SECRET)

    with worker():
        run = ended(go(alice, flow, now=None))

    assert run.state == "failed"
    assert task_of(run, "call").error_code == "http_status"
    assert said(task_of(run, "call").error_message) == "The server answered 400: what is •••?"
    assert [row for row in rows_of_everything() if SECRET in row] == []


def test_full_python_waits_for_a_worker_that_has_it(alice: User, data_dir: Path) -> None:
    """It is not run without a sandbox, nor by a worker that does not say it has one."""
    code = "def run(input):\n    return 1"
    flow = make_flow(alice, [node("full", code=code, runtime="full"), node("safe", code=code)])

    with worker():
        run = go(alice, flow, now=None)
        assert until(lambda: task_of(run, "safe").state == "done")
        assert until(lambda: "full_python" in task_of(run, "full").reason)

    assert task_of(run, "full").state == "queued"
    assert Run.objects.get(pk=run.pk).state == "running"


def test_documents_are_remembered_and_asked(alice: User) -> None:
    """The template "Ask your documents": each passage is kept by the loop's iteration, and found by the question."""
    flow = create_from_template(Person(alice.pk), builtin()["ask-your-documents"])

    with worker():
        run = ended(go(alice, flow, now=None, input={"question": "How long can I send something back?"}))

    found = json.loads(task_of(run, "find").output or "")
    assert (run.state, run.reason) == ("done", "")
    assert found[0]["value"] == "Orders can be sent back within 30 days."
