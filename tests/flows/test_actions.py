"""Actions: what each does, and that it is one version, one step to undo, answered once, and rebased."""

from typing import Any

import pytest

from accounts.models import User
from accounts.principals import Person
from flows import access, commands
from flows.actions import execute as executing
from flows.actions import registry
from flows.actions.action import Action, Plan, Task
from flows.actions.execute import ActionCall, execute
from flows.commands import Acked, Refused, Submission, UndoRequest
from flows.document import Document, EditNode, Setting, ports_of
from flows.models import Change, Flow
from flows.storage.store import load_document
from flows.submission import parse_operation
from flows.validation import judge, stops_runs

pytestmark = pytest.mark.django_db


def call(flow: Flow, person: User, action: str, *nodes: str, seq: int | None = None, **parameters: Any) -> ActionCall:
    return ActionCall(
        flow_id=flow.pk,
        principal=Person(person.pk),
        action=action,
        nodes=nodes,
        parameters=parameters,
        client=None if seq is None else "a-program",
        seq=seq,
    )


def document(flow: Flow) -> Document:
    return load_document(flow.pk).document


def done(asked: ActionCall) -> int:
    answer = execute(asked).answer
    assert isinstance(answer, Acked), answer
    return answer.version


def refusal(asked: ActionCall) -> str:
    answer = execute(asked).answer
    assert isinstance(answer, Refused), answer
    return answer.code


def edges(flow: Flow) -> set[tuple[str, str, str]]:
    """Return what connects what, by labels: ids are random."""
    whole = document(flow)
    labels = {node.id: node.label for node in whole.nodes()}
    return {(labels[edge.source], edge.source_port, labels[edge.target]) for edge in whole.edges()}


def overlapping(flow: Flow) -> list[tuple[str, str]]:
    nodes = [node for node in document(flow).nodes() if node.kind != "group"]
    return [
        (one.id, other.id)
        for at, one in enumerate(nodes)
        for other in nodes[at + 1 :]
        if one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    ]


def test_the_eleven_are_listed_with_all_that_a_form_needs() -> None:
    listed = {one["id"]: one for one in registry.catalogue()}

    assert set(listed) == {
        "auto-layout",
        "generate-children",
        "branch-out",
        "wrap-in-loop",
        "insert-error-path",
        "extract-group",
        "duplicate-branch",
        "disable-branch",
        "reverse-edge",
        "explain",
        "tidy-names",
    }
    for one in listed.values():
        assert set(one) >= {"id", "title", "description", "on", "kinds", "parameters", "long"}
        for parameter in one["parameters"]:  # type: ignore[attr-defined]
            assert set(parameter) >= {"name", "title", "type", "default"}


# The rejection first.


def test_what_is_not_there_or_does_not_fit_is_refused_and_changes_nothing(flow: Flow, alice: User) -> None:
    version = Flow.objects.get(pk=flow.pk).version
    refused = {
        "unknown_action": call(flow, alice, "make-coffee", "plan"),
        "unknown_node": call(flow, alice, "explain", "nobody"),
        "unknown_edge": call(flow, alice, "reverse-edge", edge="none"),
    }
    for code, asked in refused.items():
        assert refusal(asked) == code
    for asked in (
        call(flow, alice, "explain"),
        call(flow, alice, "generate-children", "send"),
        call(flow, alice, "generate-children", "plan", count=0),
        call(flow, alice, "generate-children", "plan", count=21),
        call(flow, alice, "generate-children", "plan", count="3"),
        call(flow, alice, "generate-children", "plan", kind="note"),
        call(flow, alice, "generate-children", "plan", colour="red"),
        call(flow, alice, "wrap-in-loop"),
        call(flow, alice, "wrap-in-loop", "frame"),
        call(flow, alice, "extract-group", "plan", label="x" * 2001),
    ):
        assert refusal(asked) == "invalid", asked
    assert Flow.objects.get(pk=flow.pk).version == version


def test_a_viewer_may_not_and_a_stranger_finds_nothing(flow: Flow, vera: User, charlie: User) -> None:
    from flows.errors import NotFound

    assert refusal(call(flow, vera, "tidy-names")) == "forbidden"
    with pytest.raises(NotFound):
        execute(call(flow, charlie, "tidy-names"))


def test_the_role_is_read_in_the_writing_transaction(
    flow: Flow, bob: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loses_the_role(task: Task) -> list[Any]:
        commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=access.Role.VIEWER)
        return [EditNode(task.node.id, {"label": "x"})]

    offer(monkeypatch, Action(id="slow", title="Slow", description="", on="node", compute=loses_the_role))

    assert refusal(call(flow, bob, "slow", "plan")) == "forbidden"
    assert document(flow).node("plan").label == "Plan"  # type: ignore[union-attr]


# What each does.


def test_generate_children(flow: Flow, alice: User) -> None:
    executed = execute(call(flow, alice, "generate-children", "plan", count=3, kind="skill", labels=["One"]))
    assert isinstance(executed.answer, Acked), executed.answer

    assert {("Plan", "out", "One"), ("Plan", "out", "Skill 2"), ("Plan", "out", "Skill 3")} <= edges(flow)
    added = [pair.after for pair in executed.effect.nodes.values()]
    assert [node.kind for node in added if node] == ["skill"] * 3
    assert overlapping(flow) == []


@pytest.mark.parametrize("count", [1, 20])
def test_generate_children_at_its_bounds(flow: Flow, alice: User, count: int) -> None:
    before = document(flow).node_count
    done(call(flow, alice, "generate-children", "plan", count=count))

    assert document(flow).node_count == before + count
    assert overlapping(flow) == []


def test_branch_out(flow: Flow, alice: User) -> None:
    done(call(flow, alice, "branch-out", "plan", count=2, labels=["good", "bad"]))

    assert {
        ("Plan", "out", "Decision"),
        ("Decision", "good", "good"),
        ("Decision", "bad", "bad"),
        ("Decision", "default", "Decision"),
    } <= edges(flow)
    assert overlapping(flow) == []


def test_insert_error_path(flow: Flow, alice: User) -> None:
    done(call(flow, alice, "insert-error-path", "plan"))

    question = "Did “Plan” fail?"
    assert {
        ("Plan", "out", question),
        (question, "failed", "Handle the failure"),
        (question, "default", "Decision"),
    } <= edges(flow)
    (decision,) = (one.id for one in document(flow).nodes() if one.label == question)
    assert [one.code for one in judge(document(flow), 500).items if one.node == decision and stops_runs(one.code)] == []


def test_insert_error_path_lets_the_flow_go_on_where_the_kind_can_say_so(flow: Flow, alice: User) -> None:
    submit(flow, alice, {"kind": "add_node", "node": {"id": "code", "kind": "skill", "x": 0, "y": 500}})
    done(call(flow, alice, "insert-error-path", "code"))

    assert document(flow).node("code").settings.get("on_error") in ("go_on", "continue")  # type: ignore[union-attr]


def test_wrap_in_loop_makes_a_body_that_leaks_nowhere(flow: Flow, alice: User) -> None:
    done(call(flow, alice, "wrap-in-loop", "route"))

    assert edges(flow) == {
        ("Plan", "out", "Loop"),
        ("Loop", "each", "Decision"),
        ("Decision", "default", "Loop"),
        ("Loop", "out", "Output"),
    }


def test_extract_group(flow: Flow, alice: User) -> None:
    executed = execute(call(flow, alice, "extract-group", "plan", "route", label="Both"))

    (group,) = [pair.after for pair in executed.effect.nodes.values() if pair.before is None]
    assert group is not None
    members = [document(flow).node(id) for id in ("plan", "route")]
    assert all(node is not None and node.parent == group.id for node in members)
    for node in members:
        assert node is not None
        assert group.x < node.x
        assert group.y < node.y
        assert node.x + node.width < group.x + group.width
        assert node.y + node.height < group.y + group.height


def test_duplicate_branch_copies_what_is_reached_only_through_it(flow: Flow, alice: User) -> None:
    executed = execute(call(flow, alice, "duplicate-branch", "route"))

    copies = {node.kind: node for pair in executed.effect.nodes.values() if (node := pair.after)}
    assert set(copies) == {"decision", "output"}
    assert copies["decision"].settings["branches"] == ["yes", "no"]
    ends = {(edge.source, edge.target) for pair in executed.effect.edges.values() if (edge := pair.after)}
    assert ends == {("plan", copies["decision"].id), (copies["decision"].id, copies["output"].id)}
    assert overlapping(flow) == []


def test_disable_branch_ends_where_another_way_comes_in(flow: Flow, alice: User) -> None:
    submit(flow, alice, {"kind": "add_edge", "edge": {"id": "e9", "source": "plan", "target": "send"}})
    done(call(flow, alice, "disable-branch", "route"))
    off = {node.id for node in document(flow).nodes() if not node.enabled}
    assert off == {"route"}

    done(call(flow, alice, "disable-branch", "route", enabled=True))
    assert all(node.enabled for node in document(flow).nodes())


def test_reverse_edge_keeps_the_id(flow: Flow, alice: User) -> None:
    done(call(flow, alice, "reverse-edge", edge="e1"))

    edge = document(flow).edge("e1")
    assert edge is not None
    assert edge.ends == ("route", "plan", "default", "in")


def test_reverse_edge_between_selected_nodes_leaves_out_what_has_no_way_back(flow: Flow, alice: User) -> None:
    assert refusal(call(flow, alice, "reverse-edge", edge="e2")) == "unknown_port"
    executed = execute(call(flow, alice, "reverse-edge", "plan", "route", "send"))

    assert isinstance(executed.answer, Acked)
    assert [(one.what, one.id) for one in executed.answer.skipped] == [("edge", "e2")]
    assert list(executed.effect.edges) == ["e1"]


def test_explain_says_what_the_node_does(flow: Flow, alice: User) -> None:
    executed = execute(call(flow, alice, "explain", "route"))

    (note,) = [pair.after for pair in executed.effect.nodes.values()]
    assert note is not None
    text = str(note.settings["text"])
    assert "Decision" in text
    assert "“Plan”" in text
    assert "“yes” leads to “Output”" in text
    assert overlapping(flow) == []


def test_tidy_names(flow: Flow, alice: User) -> None:
    for id, label in (("plan", "  send   it "), ("route", "Send it"), ("send", "")):
        submit(flow, alice, {"kind": "edit_node", "id": id, "set": {"label": label}})
    done(call(flow, alice, "tidy-names"))

    labels = {node.id: node.label for node in document(flow).nodes()}
    assert labels == {"plan": "Send it", "route": "Send it 2", "send": "Output", "frame": "Group"}
    version = Flow.objects.get(pk=flow.pk).version
    assert done(call(flow, alice, "tidy-names")) == version


def test_auto_layout_covers_nothing_and_runs_from_left_to_right(flow: Flow, alice: User) -> None:
    for id in ("plan", "route"):
        submit(flow, alice, {"kind": "move_node", "id": id, "x": 0, "y": 0})
    done(call(flow, alice, "auto-layout"))

    whole = document(flow)
    places = {node.id: node for node in whole.nodes()}
    assert overlapping(flow) == []
    assert places["plan"].x < places["route"].x < places["send"].x
    frame, member = places["frame"], places["send"]
    assert frame.x < member.x
    assert member.x + member.width < frame.x + frame.width


def test_auto_layout_of_a_selection_moves_nothing_else(flow: Flow, alice: User) -> None:
    executed = execute(call(flow, alice, "auto-layout", "plan", "route", direction="TB"))

    assert set(executed.effect.nodes) <= {"plan", "route"}


# One version, one step, one answer.


@pytest.mark.parametrize("action", ["generate-children", "wrap-in-loop", "duplicate-branch", "branch-out"])
def test_an_action_is_one_version_and_one_undo_takes_it_back(flow: Flow, alice: User, action: str) -> None:
    before, version = document(flow), Flow.objects.get(pk=flow.pk).version

    assert done(call(flow, alice, action, "route")) == version + 1
    assert Change.objects.get(flow=flow, version=version + 1).via == "action"
    (answer,) = commands.submit(
        flow.pk, [Submission(operation=UndoRequest(), principal=Person(alice.pk), via="api")]
    ).answers
    assert isinstance(answer, Acked)
    assert document(flow) == before


def test_a_resend_gets_the_same_answer_and_tells_the_same_changes(flow: Flow, alice: User) -> None:
    asked = call(flow, alice, "generate-children", "plan", seq=1)
    first = execute(asked)
    submit(flow, alice, {"kind": "move_node", "id": "plan", "x": 9, "y": 9})
    again = execute(asked)

    assert isinstance(first.answer, Acked)
    assert isinstance(again.answer, Acked)
    assert again.answer.version == first.answer.version
    assert again.effect == first.effect
    assert document(flow).node_count == 7


def test_a_refusal_is_remembered_but_one_by_the_role_is_not(flow: Flow, alice: User, vera: User) -> None:
    assert refusal(call(flow, alice, "explain", "later", seq=1)) == "unknown_node"
    submit(flow, alice, {"kind": "add_node", "node": {"id": "later", "kind": "skill", "x": 0, "y": 500}})
    assert refusal(call(flow, alice, "explain", "later", seq=1)) == "unknown_node"

    assert refusal(call(flow, vera, "explain", "later", seq=1)) == "forbidden"
    commands.set_member(Person(alice.pk), flow.pk, person=vera.email, role=access.Role.EDITOR)
    done(call(flow, vera, "explain", "later", seq=1))


def test_a_batch_of_an_action_may_be_longer_than_one_that_is_submitted(flow: Flow, alice: User, settings: Any) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, batch=2)

    done(call(flow, alice, "generate-children", "plan", count=5))


def test_too_many_nodes_are_refused(flow: Flow, alice: User, settings: Any) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, nodes=6)

    assert refusal(call(flow, alice, "generate-children", "plan", count=3)) == "limit_reached"
    done(call(flow, alice, "generate-children", "plan", count=2))


def test_work_is_counted(flow: Flow, alice: User, settings: Any) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, work_steps_per_second=1)
    for _ in range(10):
        code = getattr(execute(call(flow, alice, "tidy-names")).answer, "code", None)
        if code is not None:
            break

    assert code == "rate_limited"


# Rebased.


def meanwhile(flow: Flow, person: User, *operations: dict[str, object]) -> Any:
    """Return an action during whose computing somebody else submits these, each time one."""
    waiting = list(operations)

    def compute(task: Task) -> list[Any]:
        if waiting:
            submit(flow, person, waiting.pop(0))
        return [EditNode(node.id, {"description": "seen"}) for node in task.nodes]

    return compute


def test_an_action_that_finds_the_flow_changed_is_computed_anew(
    flow: Flow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = meanwhile(flow, bob, {"kind": "remove_node", "id": "plan"})
    offer(monkeypatch, Action(id="mark", title="Mark", description="", on="selection", compute=compute))
    answer = execute(call(flow, alice, "mark", "plan", "route")).answer

    assert isinstance(answer, Acked)
    assert [(one.what, one.id) for one in answer.skipped] == [("node", "plan")]
    assert document(flow).node("route").description == "seen"  # type: ignore[union-attr]


def test_an_action_whose_node_goes_meanwhile_is_refused(
    flow: Flow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = meanwhile(flow, bob, {"kind": "remove_node", "id": "plan"})
    offer(monkeypatch, Action(id="mark", title="Mark", description="", on="node", compute=compute))

    assert refusal(call(flow, alice, "mark", "plan")) == "unknown_node"


def test_in_a_flow_that_never_rests_it_is_applied_without_what_is_gone(
    flow: Flow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = [{"kind": "move_node", "id": "send", "x": 500 + n, "y": 0} for n in range(executing.TRIES)]
    compute = meanwhile(flow, bob, *moves, {"kind": "remove_node", "id": "plan"}, {"kind": "edit_flow", "set": {}})
    offer(monkeypatch, Action(id="mark", title="Mark", description="", on="selection", compute=compute))
    answer = execute(call(flow, alice, "mark", "plan", "route")).answer

    assert isinstance(answer, Acked)
    assert [(one.what, one.id) for one in answer.skipped] == [("node", "plan")]
    assert document(flow).node("route").description == "seen"  # type: ignore[union-attr]


# Plug-ins that go wrong.


@pytest.mark.parametrize(
    "compute",
    [
        lambda task: 1 / 0,
        lambda task: None,
        lambda task: 7,
        lambda task: ["add a node"],
        lambda task: [{"kind": "add_node", "node": {"id": "x", "kind": "rocket", "x": 0, "y": 0}}],
        lambda task: [{"kind": "edit_node", "id": "plan", "set": {"settings": {"temperature": 7}}}],
        lambda task: [{"kind": "batch", "operations": []}],
        lambda task: Plan(3),  # type: ignore[arg-type]
    ],
)
def test_a_plug_in_that_goes_wrong_is_refused_and_breaks_nothing(
    flow: Flow, alice: User, monkeypatch: pytest.MonkeyPatch, compute: Any
) -> None:
    before = document(flow)
    offer(monkeypatch, Action(id="odd", title="Odd", description="", on="node", compute=compute))

    assert refusal(call(flow, alice, "odd", "plan")) == "invalid"
    assert document(flow) == before


def test_json_as_a_client_submits_it_will_do(flow: Flow, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(task: Task) -> list[Any]:
        return [{"kind": "edit_node", "id": task.node.id, "set": {"label": task.text("label")}}]

    label = Setting(name="label", title="Label", type="text", default="Hello")
    action = Action(id="greet", title="Greet", description="", on="node", compute=compute, parameters=(label,))
    offer(monkeypatch, action)
    done(call(flow, alice, "greet", "plan"))

    node = document(flow).node("plan")
    assert node is not None
    assert (node.label, ports_of(node).outputs) == ("Hello", ("out",))


def offer(monkeypatch: pytest.MonkeyPatch, *more: Action) -> None:
    everything = {**registry.actions(), **{action.id: action for action in more}}
    monkeypatch.setattr(registry, "actions", lambda: everything)


def submit(flow: Flow, person: User, operation: dict[str, object]) -> None:
    submission = Submission(operation=parse_operation(operation), principal=Person(person.pk), via="api")
    (answer,) = commands.submit(flow.pk, [submission]).answers
    assert isinstance(answer, Acked), answer
