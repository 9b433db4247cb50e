"""Notices: what happens to runs is told by every way that a rule names; one that is broken stops no other."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Attempt, User
from accounts.principals import Person, System
from flows import commands, rates
from flows.access import Role
from flows.commands.visits import enter_as_guest, enter_as_person
from flows.models import Delivery, Flow, Webhook
from flows.parsing import parse_flow
from flows.webhooks.deliveries import claim_due, notice_changes
from flows.webhooks.sender import deliver
from helix.environment import MailServer
from runs.commands import start_run
from runs.models import Notice, Run
from runs.notices.reading import forget_old_notices
from runs.notices.sentences import text_of, title_of
from runs.notices.services import SERVICES, parts_of
from tests.api.conftest import Program
from tests.receiver import Receiver
from web.egress import networks
from web.sealing import unseal

pytestmark = pytest.mark.django_db
NOW = timezone.now
Refused = Callable[..., Any]
SERVER = MailServer("127.0.0.1", 25, "", "", "helix@example.com", False, False)
SHORT = {"type": "expression", "transformation": "input.items[3]"}
SLACK = "https://hooks.slack.com/services/T1/B2/c3"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    with Receiver() as receiver:
        yield receiver


def put(program: Program, flow: Flow, *rules: object) -> list[Any]:
    answer = program.put(f"/flows/{flow.pk}/notifications", {"rules": list(rules)})
    assert answer.status_code == 200, answer.content
    held: list[Any] = answer.json()["rules"]  # type: ignore[attr-defined]
    return held


def secret_of(webhook: Webhook) -> str | None:
    return unseal(webhook.sealed, webhook.sealed_about())


def to(channel: str, target: str = "", **more: object) -> dict[str, object]:
    return {"channel": channel, "target": target, **more}


def rule(*targets: object, on: object = ("run.done",), **more: object) -> dict[str, object]:
    return {"on": list(on), "to": list(targets), **more}  # type: ignore[call-overload]


def straight(alice: User, **output: object) -> Flow:
    """Make a flow that ends at once: a text, and an output with these settings."""
    nodes: list[dict[str, Any]] = [
        {"id": "i", "kind": "input", "x": 0, "y": 0, "settings": {"type": "text"}},
        {"id": "o", "kind": "output", "x": 200, "y": 0, "settings": output},
    ]
    graph: dict[str, Any] = {"nodes": nodes, "edges": [{"id": "e", "source": "i", "target": "o"}]}
    return commands.create_flow(Person(alice.pk), parse_flow(title="Straight", **graph), via="api")


def run(alice: User, flow: Flow, text: str = "hello") -> Run:
    return start_run(Person(alice.pk), flow.pk, input={"i": text}).run


def send_all() -> None:
    while due := claim_due(NOW(), 20):
        for delivery in due:
            deliver(delivery)


# rules


def test_rules_are_put_and_read_and_keep_their_ids(flow: Flow, as_bob: Program) -> None:
    first, second = put(
        as_bob,
        flow,
        rule(to("in_app", "editors"), to("mail", "ops@example.com"), on=["run.failed", "changed"], quiet=60),
        rule(to("webhook", "https://hooks.example/"), to("slack", "#ops", secret=SLACK)),
    )
    assert first == {
        "id": first["id"],
        "on": ["run.failed", "changed"],
        "to": [to("in_app", "editors"), to("mail", "ops@example.com")],
        "quiet": 60,
    }
    assert put(as_bob, flow, second, first) == [second, first]
    answer = as_bob.get(f"/flows/{flow.pk}/notifications").json()  # type: ignore[attr-defined]
    assert sorted(one["id"] for one in answer["rules"]) == sorted([first["id"], second["id"]])
    assert put(as_bob, flow, {**first, "id": str(uuid4())})[0]["id"] != first["id"]
    assert put(as_bob, flow) == []
    assert Webhook.objects.count() == 0


def test_a_secret_is_kept_with_its_id_changed_and_taken_away_but_never_shown(flow: Flow, as_bob: Program) -> None:
    (held,) = put(as_bob, flow, rule(to("webhook", "https://hooks.example/", secret="swordfish")))

    def secret() -> str | None:
        return secret_of(Webhook.objects.get())

    assert "swordfish" not in Webhook.objects.get().sealed
    assert b"swordfish" not in as_bob.get(f"/flows/{flow.pk}/notifications").content
    put(as_bob, flow, held)
    assert secret() == "swordfish"
    put(as_bob, flow, {**held, "to": [to("webhook", "https://hooks.example/moved")]})
    assert secret() == "swordfish"
    put(as_bob, flow, {**held, "to": [to("webhook", "https://hooks.example/", secret="other")]})
    assert secret() == "other"
    put(as_bob, flow, {**held, "to": [to("webhook", "https://hooks.example/", secret="")]})
    assert secret() == ""
    put(as_bob, flow, {"on": held["on"], "to": held["to"]})
    assert secret() == ""


def test_a_target_before_those_that_stay_takes_nothing_of_theirs(flow: Flow, as_bob: Program) -> None:
    first, second, new = (f"https://{name}.example/" for name in ("a", "b", "c"))
    (held,) = put(as_bob, flow, rule(to("webhook", first, secret="one"), to("webhook", second, secret="two")))
    before = Webhook.objects.get(url=first)

    put(as_bob, flow, {**held, "to": [to("webhook", new), to("webhook", first)]})

    kept = Webhook.objects.get(url=first)
    assert (kept.pk, secret_of(kept)) == (before.pk, "one")
    assert Webhook.objects.filter(url=new).count() == 1 and Webhook.objects.count() == 2


def test_an_address_that_is_itself_a_secret_is_kept_as_one(flow: Flow, as_bob: Program) -> None:
    (held,) = put(as_bob, flow, rule(to("slack", SLACK)))

    assert held["to"] == [to("slack", "")]
    assert secret_of(Webhook.objects.get()) == SLACK
    assert put(as_bob, flow, held) == [held]


def test_rules_and_webhooks_are_kept_apart(flow: Flow, as_alice: Program, refused: Refused) -> None:
    webhook = as_alice.post(f"/flows/{flow.pk}/webhooks", {"url": "https://hooks.example/", "events": ["run.done"]})
    hook = webhook.json()  # type: ignore[attr-defined]
    put(as_alice, flow, rule(to("webhook", "https://hooks.example/")))

    rows = as_alice.get(f"/flows/{flow.pk}/webhooks").json()["items"]  # type: ignore[attr-defined]
    assert [one["id"] for one in rows] == [hook["id"]]
    of_rule = Webhook.objects.get(rule__isnull=False)
    refused(as_alice.delete(f"/flows/{flow.pk}/webhooks/{of_rule.pk}"), 404, "not_found")
    refused(as_alice.get(f"/flows/{flow.pk}/webhooks/{of_rule.pk}/deliveries"), 404, "not_found")
    put(as_alice, flow)
    assert Webhook.objects.get().pk == Webhook.objects.get(rule=None).pk


@pytest.mark.parametrize(
    "wrong",
    [
        rule(to("webhook", "http://127.0.0.1/")),
        rule(to("webhook", "ftp://x/")),
        rule(to("webhook")),
        rule(to("mail", "nobody")),
        rule(to("mail", "a@b.example\nBcc: c@d.example")),
        rule(to("in_app", "strangers")),
        rule(to("pigeon", "home")),
        rule(to("slack", "#ops")),
        rule(to("slack", "#ops", secret="https://evil.example/services/T1/B2/c3")),
        rule(to("slack", "#ops", secret=f"{SLACK}/../../x")),
        rule(to("discord", "", secret="https://discord.com.evil.example/api/webhooks/1/a")),
        rule(to("ntfy", "evil.example/topic")),
        rule(to("telegram", "chat@evil.example", secret="1:a")),
        rule(
            to("google_chat", "", secret="https://chat.googleapis.com@evil.example/v1/spaces/a/messages?key=b&token=c")
        ),
        rule(to("in_app"), on=[]),
        rule(to("in_app"), on=["no.such"]),
        rule(),
        rule(*[to("in_app")] * 21),
        rule(to("in_app"), quiet=-1),
        {"on": ["run.done"], "to": [{"channel": "in_app", "more": 1}]},
    ],
)
def test_what_can_never_be_reached_is_refused_and_nothing_changes(
    wrong: object, flow: Flow, as_bob: Program, refused: Refused
) -> None:
    held = put(as_bob, flow, rule(to("in_app")))

    refused(as_bob.put(f"/flows/{flow.pk}/notifications", {"rules": [rule(to("in_app")), wrong]}), 422, "invalid")
    assert as_bob.get(f"/flows/{flow.pk}/notifications").json()["rules"] == held  # type: ignore[attr-defined]


def test_a_flow_has_so_many_rules_and_no_more(flow: Flow, as_bob: Program, refused: Refused, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, notification_rules=2)
    put(as_bob, flow, *[rule(to("in_app"))] * 2)

    three = {"rules": [rule(to("in_app"))] * 3}
    refused(as_bob.put(f"/flows/{flow.pk}/notifications", three), 422, "limit_reached")


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("put", ""), ("get", "/deliveries")])
def test_editors_have_to_do_with_them_and_viewers_see_nothing(
    method: str,
    path: str,
    flow: Flow,
    as_bob: Program,
    as_vera: Program,
    as_charlie: Program,
    nobody: Program,
    refused: Refused,
) -> None:
    whole, body = f"/flows/{flow.pk}/notifications{path}", {"rules": []} if method == "put" else None

    assert as_bob.call(method, whole, body).status_code == 200
    refused(as_vera.call(method, whole, body), 403, "forbidden")
    refused(as_charlie.call(method, whole, body), 404, "not_found")
    refused(nobody.call(method, whole, body), 401, "not_authenticated")


# what is told


def test_a_run_that_is_done_is_told_by_every_way_and_a_broken_one_stops_none(
    alice: User, as_alice: Program, receiver: Receiver, settings: Any
) -> None:
    settings.HELIX_MAIL = SERVER
    receiver.answer = lambda path: (500 if path == "/broken" else 200, {}, b"")
    flow = straight(alice)
    put(
        as_alice,
        flow,
        rule(
            to("webhook", f"{receiver.url}/broken"),
            to("webhook", f"{receiver.url}/good", secret="s"),
            to("mail", "ops@example.com"),
            to("in_app"),
        ),
        rule(to("mail", "never@example.com"), on=["run.failed"]),
    )
    made = run(alice, flow)
    send_all()

    assert made.state == "done"
    good = next(one for one in receiver.received if one.path == "/good")
    body = json.loads(good.body)
    assert (body["event"], body["run"], body["state"], body["version"]) == ("run.done", str(made.pk), "done", 1)
    assert body["flow"] == {"id": str(flow.pk), "title": "Straight", "version": 1}
    assert "x-helix-signature" in good.headers
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["ops@example.com"], "A run of “Straight” is done")
    assert f"/flows/{flow.pk}/?run={made.pk}" in letter.body
    (notice,) = Notice.objects.all()
    assert (notice.person_id, notice.event) == (alice.pk, "run.done")
    states = {one.webhook.url: one.state for one in Delivery.objects.all() if one.webhook}
    assert states.pop(f"{receiver.url}/broken") == "waiting"
    assert set(states.values()) == {"done"}


def test_webhooks_are_told_of_runs_too(alice: User, as_alice: Program, receiver: Receiver) -> None:
    flow = straight(alice)
    as_alice.post(f"/flows/{flow.pk}/webhooks", {"url": receiver.url, "events": ["run.done"]})

    run(alice, flow)
    send_all()
    assert [one.headers["x-helix-event"] for one in receiver.received] == ["run.done"]


def test_why_a_run_failed_is_told_to_programs_in_english_and_to_people_in_their_language(
    alice: User, as_alice: Program
) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "t", "kind": "transform", "x": 0, "y": 0, "label": "Cut", "settings": SHORT},
    ]
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Cuts", nodes=nodes, edges=[]), via="api")
    put(as_alice, flow, rule(to("in_app", "owners"), on=["run.failed"]))

    with override("es"):
        start_run(Person(alice.pk), flow.pk)
        send_all()
    notice = Notice.objects.get()
    told = json.loads(notice.body)
    assert told["reason"] == "“Cut” failed."
    assert told["reason_parts"] == {"say": "“%(what)s” failed.", "with": {"what": "Cut"}}
    with override("de"):
        assert "„Cut“ ist fehlgeschlagen." in text_of(notice.event, notice.body)


def test_a_question_is_told_when_it_is_asked(alice: User, as_alice: Program) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "o", "kind": "output", "x": 0, "y": 0, "settings": {"ask_first": {"who": "editors", "question": "Go?"}}}
    ]
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Asks", nodes=nodes, edges=[]), via="api")
    put(as_alice, flow, rule(to("in_app", "owners"), on=["question.asked"]))

    start_run(Person(alice.pk), flow.pk)
    send_all()
    notice = Notice.objects.get()
    assert title_of(notice.event, notice.body) == "A run of “Asks” asks"
    assert "Go?" in text_of(notice.event, notice.body)


@pytest.mark.parametrize("who", ["editors", ["ALICE@example.com"]])
def test_in_the_page_a_question_is_told_to_nobody_who_may_not_answer_it(
    alice: User, vera: User, as_alice: Program, who: object
) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "o", "kind": "output", "x": 0, "y": 0, "settings": {"ask_first": {"who": who, "question": "Go?"}}}
    ]
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Asks", nodes=nodes, edges=[]), via="api")
    commands.set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    put(as_alice, flow, rule(to("in_app", "members"), to("in_app", vera.email), on=["question.asked"]))

    start_run(Person(alice.pk), flow.pk)
    send_all()
    assert [notice.person_id for notice in Notice.objects.all()] == [alice.pk]


@pytest.mark.parametrize("who", ["editors", ["VERA@example.com"]])
def test_nor_to_who_only_came_by_a_link(alice: User, vera: User, as_alice: Program, who: object) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "o", "kind": "output", "x": 0, "y": 0, "settings": {"ask_first": {"who": who, "question": "Go?"}}}
    ]
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Asks", nodes=nodes, edges=[]), via="api")
    enter_as_person(commands.create_link(Person(alice.pk), flow.pk, role=Role.EDITOR), Person(vera.pk))
    put(as_alice, flow, rule(to("in_app", "members"), on=["question.asked"]))

    start_run(Person(alice.pk), flow.pk)
    send_all()
    assert not Notice.objects.filter(person=vera).exists()


def test_changes_are_told_to_rules_as_to_webhooks(alice: User, as_alice: Program) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app"), on=["changed"], quiet=3600))
    now = NOW()
    assert notice_changes(now) == 0

    for title, after in (("Two", 0), ("Three", 60), ("Four", 3601)):
        as_alice.patch(f"/flows/{flow.pk}", {"title": title})
        notice_changes(now + timedelta(seconds=after))
    assert [json.loads(one.body)["flow"]["title"] for one in Delivery.objects.order_by("at")] == ["Two", "Four"]


def test_within_its_quiet_seconds_a_rule_tells_the_same_once(alice: User, as_alice: Program) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app"), quiet=3600), rule(to("in_app", "owners")))
    for _ in range(3):
        run(alice, flow)

    assert Delivery.objects.filter(webhook__quiet=3600).count() == 1
    assert Delivery.objects.filter(webhook__quiet=0).count() == 3


def test_what_was_told_by_a_clock_that_was_ahead_makes_no_rule_quiet(alice: User, as_alice: Program) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app"), quiet=3600))
    run(alice, flow)
    Delivery.objects.update(at=timezone.now() + timedelta(days=365))
    run(alice, flow)

    assert Delivery.objects.count() == 2


def test_mail_waits_where_there_is_no_server(alice: User, as_alice: Program, settings: Any) -> None:
    settings.HELIX_MAIL = None
    flow = straight(alice)
    put(as_alice, flow, rule(to("mail", "ops@example.com")))
    run(alice, flow)
    send_all()

    (listed,) = as_alice.get(f"/flows/{flow.pk}/notifications/deliveries").json()["items"]  # type: ignore[attr-defined]
    assert (listed["channel"], listed["target"], listed["state"], listed["error"]) == (
        "mail",
        "ops@example.com",
        "waiting",
        "no_mail",
    )
    Delivery.objects.update(state="given_up", tries=30)
    path = f"/flows/{flow.pk}/notifications/deliveries/{listed['id']}/resend"
    again = as_alice.post(path).json()  # type: ignore[attr-defined]
    assert (again["id"], again["state"], again["tries"]) == (listed["id"], "waiting", 0)
    settings.HELIX_MAIL = SERVER
    send_all()
    assert [letter.to for letter in mail.outbox] == [["ops@example.com"]]


def test_so_many_mails_a_day_are_sent_for_a_flow_and_each_further_one_is_given_up(
    alice: User, bob: User, as_alice: Program, as_bob: Program, settings: Any
) -> None:
    settings.HELIX_MAIL, settings.HELIX_LIMITS = SERVER, replace(settings.HELIX_LIMITS, mails_per_day=3)
    flow, other = straight(alice, destinations=["a@b.example", "c@d.example"]), straight(bob)
    put(as_alice, flow, rule(to("mail", "ops@example.com")))
    put(as_bob, other, rule(to("mail", "ops@example.com")))

    run(alice, flow)
    send_all()
    assert (len(mail.outbox), Delivery.objects.filter(state="done").count()) == (3, 3)
    resend = f"/flows/{flow.pk}/notifications/deliveries/{Delivery.objects.all()[0].pk}/resend"
    assert as_alice.post(resend).status_code == 200
    send_all()
    (over,) = Delivery.objects.exclude(state="done")
    assert (over.state, over.error, over.tries, len(mail.outbox)) == ("given_up", "limit_reached", 1, 3)

    run(bob, other)
    send_all()
    assert len(mail.outbox) == 4
    Attempt.objects.update(expires_at=NOW())
    assert as_alice.post(resend).status_code == 200
    send_all()
    assert len(mail.outbox) == 5


def test_so_many_mails_a_day_are_sent_for_a_person_by_all_flows_together(
    alice: User, bob: User, as_alice: Program, as_bob: Program, settings: Any
) -> None:
    settings.HELIX_MAIL, settings.HELIX_LIMITS = SERVER, replace(settings.HELIX_LIMITS, mails_per_day=3)
    first, second = (straight(alice, destinations=["a@b.example"]) for _ in range(2))
    third = straight(alice)
    commands.set_member(Person(alice.pk), third.pk, person=bob.email, role=Role.EDITOR)
    put(as_alice, third, rule(to("mail", "ops@example.com")))
    for flow in (first, second):
        run(alice, flow)
    run(bob, third)
    send_all()
    assert len(mail.outbox) == 3

    run(alice, first)
    run(bob, third)
    send_all()
    over = Delivery.objects.exclude(state="done")
    assert [(one.state, one.error) for one in over] == [("given_up", "limit_reached")] * 2
    assert len(mail.outbox) == 3
    assert Attempt.objects.filter(key__startswith="mail:").count() == 6

    again = over.get(flow=third)
    assert as_bob.post(f"/flows/{third.pk}/notifications/deliveries/{again.pk}/resend").status_code == 200
    send_all()
    assert (len(mail.outbox), Delivery.objects.get(pk=again.pk).person) == (4, bob)


def test_for_runs_of_triggers_and_guests_answers_who_made_the_trigger_or_the_link(
    alice: User, bob: User, settings: Any
) -> None:
    settings.HELIX_MAIL = SERVER
    flow = straight(alice, destinations=["a@b.example"])
    Flow.objects.filter(pk=flow.pk).update(links_can_run=True)
    start_run(System(), flow.pk, input={"i": "hello"}, trigger="schedule", responsible=bob.pk)
    assert Delivery.objects.get().person == bob
    Delivery.objects.all().delete()

    link = commands.create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)
    start_run(enter_as_guest(link, "Your bank").principal, flow.pk, input={"i": "hello"})
    assert Delivery.objects.get().person == alice
    send_all()
    assert mail.outbox[0].body.startswith("Sent by Alice with the flow “Straight”.")


def test_who_gives_a_rule_another_address_answers_for_it(
    alice: User, bob: User, as_alice: Program, as_bob: Program
) -> None:
    flow = straight(alice)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    (held,) = put(as_alice, flow, rule(to("mail", "ops@example.com")))

    put(as_bob, flow, {**held, "quiet": 60})
    assert Webhook.objects.get().created_by == alice
    put(as_bob, flow, {**held, "to": [to("mail", "other@example.com")]})
    assert Webhook.objects.get().created_by == bob


def test_a_rule_of_who_may_no_longer_edit_tells_nobody_until_another_saves_it(
    alice: User, bob: User, as_alice: Program, as_bob: Program, refused: Refused, settings: Any
) -> None:
    settings.HELIX_MAIL = SERVER
    flow = straight(alice)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    put(as_bob, flow, rule(to("mail", "bob@elsewhere.example")))
    commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.VIEWER)

    run(alice, flow)
    send_all()

    assert not mail.outbox
    (held,) = as_alice.get(f"/flows/{flow.pk}/notifications").json()["rules"]  # type: ignore[attr-defined]
    assert held["paused"].startswith("Paused: Bob")
    waiting = Delivery.objects.get(webhook__isnull=False)
    refused(as_alice.post(f"/flows/{flow.pk}/notifications/deliveries/{waiting.pk}/resend"), 409, "wrong_state")
    Delivery.objects.filter(pk=waiting.pk).update(give_up_at=timezone.now() - timedelta(days=1))
    send_all()
    assert "paused" in title_of(*Notice.objects.filter(person=alice).values_list("event", "body").get())
    assert "paused" not in put(as_alice, flow, held)[0]
    send_all()
    waiting.refresh_from_db()
    assert (mail.outbox, waiting.state) == ([], "given_up")
    run(alice, flow)
    send_all()
    assert mail.outbox


def test_a_mail_says_who_sent_it_and_its_names_make_no_links(alice: User, as_alice: Program, settings: Any) -> None:
    settings.HELIX_MAIL = SERVER
    User.objects.filter(pk=alice.pk).update(name="https://alice.example/x")
    flow = straight(alice, destinations=["a@b.example"])
    put(as_alice, flow, rule(to("mail", "ops@example.com")))
    Flow.objects.filter(pk=flow.pk).update(title="Pay at https://bank.example/login now")
    start_run(Person(alice.pk), flow.pk, input={"i": "hello"}, name="Go to www.bank.example")
    send_all()

    of_output, of_rule = sorted(mail.outbox, key=lambda letter: letter.to)
    sender = "Sent by https alice example x with the flow “Pay at https bank example login now”."
    assert of_output.body == f"{sender}\n\nhello"
    assert of_rule.body.splitlines()[:4] == [
        sender,
        "",
        "A run of “Pay at https bank example login now” is done",
        "Go to www bank example",
    ]
    assert "bank.example" not in f"{of_output.subject} {of_rule.subject} {of_rule.body}"
    assert "Pay at https bank example login now" in of_output.subject


def test_mail_that_was_not_sent_does_not_count(alice: User, as_alice: Program, settings: Any) -> None:
    settings.HELIX_MAIL = SERVER
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    put(as_alice, flow := straight(alice), rule(to("mail", "ops@example.com")))
    run(alice, flow)
    send_all()

    assert Delivery.objects.get().error == "mail"
    assert not Attempt.objects.filter(key__startswith="mail:").exists()


def test_sending_again_is_counted(alice: User, as_alice: Program, refused: Refused, settings: Any) -> None:
    put(as_alice, flow := straight(alice), rule(to("in_app")))
    run(alice, flow)
    path = f"/flows/{flow.pk}/notifications/deliveries/{Delivery.objects.get().pk}/resend"
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, flow_changes_per_minute=1)
    rates.flow_changes.forget()
    assert [as_alice.post(path).status_code for _ in range(4)] == [200] * 4
    refused(as_alice.post(path), 429, "rate_limited")


def test_the_title_of_a_mail_is_not_the_outputs_to_choose(alice: User, settings: Any) -> None:
    settings.HELIX_MAIL = SERVER
    flow = straight(alice, destinations=["a@b.example"])
    run(alice, flow, '{"flow": {"title": "Your bank"}}')
    Delivery.objects.update(body='{"flow": {"title": "Your bank"}}')
    send_all()

    (letter,) = mail.outbox
    assert "Your bank" not in letter.subject
    assert flow.title in letter.subject


def test_the_log_of_rules_has_nothing_of_webhooks(flow: Flow, as_alice: Program, refused: Refused) -> None:
    now = NOW()
    hook = Webhook.objects.create(flow=flow, url="https://x.example/", quiet_until=now, created_at=now)
    of_hook = Delivery.objects.create(
        flow=flow, webhook=hook, event="changed", body="{}", at=now, due_at=now, give_up_at=now
    )

    path = f"/flows/{flow.pk}/notifications/deliveries"
    assert as_alice.get(path).json()["items"] == []  # type: ignore[attr-defined]
    refused(as_alice.post(f"{path}/{of_hook.pk}/resend"), 404, "not_found")


# in the page


def test_one_reads_ones_own_notices_and_marks_them(
    flow: Flow, alice: User, bob: User, vera: User, as_alice: Program, as_bob: Program, as_vera: Program
) -> None:
    put(as_bob, flow, rule(to("in_app", "editors"), to("in_app", vera.email), on=["changed"]))
    as_bob.patch(f"/flows/{flow.pk}", {"title": "New"})
    notice_changes(NOW())
    send_all()
    send_all()

    for program in (as_alice, as_bob, as_vera):
        told = program.get("/notifications").json()  # type: ignore[attr-defined]
        assert (told["unread"], [one["title"] for one in told["items"]]) == (1, ["“New” was changed"])
        assert told["items"][0]["flow"] == str(flow.pk)
    (mine,) = as_alice.get("/notifications?unread=true").json()["items"]  # type: ignore[attr-defined]
    others = str(Notice.objects.get(person=bob).pk)
    assert as_alice.post("/notifications/read", {"ids": [others, "x"]}).json() == {"read": 0}  # type: ignore[attr-defined]
    assert as_alice.post("/notifications/read", {"ids": [mine["id"]]}).json() == {"read": 1}  # type: ignore[attr-defined]
    assert as_alice.get("/notifications?unread=true").json() == {"items": [], "unread": 0}  # type: ignore[attr-defined]
    assert as_bob.post("/notifications/read", {}).json() == {"read": 1}  # type: ignore[attr-defined]

    commands.remove_member(Person(alice.pk), flow.pk, user_id=vera.pk)
    assert as_vera.get("/notifications").json() == {"items": [], "unread": 0}  # type: ignore[attr-defined]


def test_a_delivery_that_comes_twice_is_one_notice(alice: User, as_alice: Program) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app")))
    run(alice, flow)
    send_all()
    Delivery.objects.update(state="waiting", due_at=NOW())
    send_all()

    assert Notice.objects.count() == 1


def test_a_role_is_read_when_it_is_told(alice: User, bob: User, as_alice: Program) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app", "editors")))
    run(alice, flow)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.VIEWER)
    send_all()

    assert set(Notice.objects.values_list("person", flat=True)) == {alice.pk}


def test_old_notices_go(alice: User, as_alice: Program, settings: Any) -> None:
    flow = straight(alice)
    put(as_alice, flow, rule(to("in_app")))
    run(alice, flow)
    send_all()

    kept = timedelta(days=settings.HELIX_LIMITS.runs_kept_days)
    assert forget_old_notices(NOW() + kept - timedelta(minutes=1)) == 0
    assert forget_old_notices(NOW() + kept + timedelta(minutes=1)) == 1


# services


def test_each_service_takes_what_its_own_page_gives() -> None:
    given = {
        "slack": ("#ops", SLACK),
        "discord": ("", "https://discord.com/api/webhooks/123/a-B_c"),
        "telegram": ("-100123", "123456:ABC-def_1"),
        "google_chat": ("", "https://chat.googleapis.com/v1/spaces/AAA/messages?key=k-1&token=t_2%3D"),
        "pushover": ("u" * 30, "t" * 30),
        "pushbullet": ("", "o.abc"),
        "ntfy": ("topic", ""),
        "opsgenie": ("#ops", "a1b2-c3"),
    }
    import apprise

    assert given.keys() == SERVICES.keys()
    for name, (target, secret) in given.items():
        parts = parts_of(name, target, secret)
        assert parts is not None, name
        plugin = apprise.Apprise.instantiate(dict(parts), suppress_exceptions=False)
        assert plugin is not None, name


def test_a_service_is_told_over_http(
    alice: User, as_alice: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from apprise.plugins.slack import NotifySlack

    caplog.set_level("DEBUG")
    flow = straight(alice)
    put(as_alice, flow, rule(to("slack", "#ops", secret=SLACK)))
    run(alice, flow)
    with Receiver() as receiver:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{receiver.url}/services")
        receiver.answer = lambda _path: (500, {}, b"no")
        send_all()
        failed = Delivery.objects.get()
        assert (failed.state, failed.error) == ("waiting", "service")
        receiver.answer = lambda _path: (200, {}, b"ok")
        Delivery.objects.update(due_at=NOW())
        send_all()

    assert Delivery.objects.get().state == "done"
    told = receiver.received[-1]
    assert told.path == "/services/T1/B2/c3"
    assert "A run of “Straight” is done" in json.dumps(json.loads(told.body), ensure_ascii=False)
    assert "B2/c3" not in caplog.text
