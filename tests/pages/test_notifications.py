"""Notifications in the browser: what one was told, one's own rules, and all rules of a flow; without any script."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.principals import Person
from flows.models import Flow, Webhook
from runs.models import Notice
from runs.notices.rules import Rule, Target, replace_rules
from tests.pages.conftest import Enter

pytestmark = pytest.mark.django_db
OWN = "/notifications/"


@pytest.fixture
def address(flow: Flow) -> str:
    return f"/flows/{flow.pk}/notifications/"


def own(flow: Flow, **given: Any) -> dict[str, Any]:
    return {"flow": str(flow.pk), "on": ["run.failed", "run.done"], "channel": "in_app", "quiet": "3600", **given}


def kept() -> list[tuple[str, str, list[str], int]]:
    return [(one.channel, one.url, one.events, one.quiet) for one in Webhook.objects.order_by("created_at")]


class TestOwn:
    def test_logged_out_one_logs_in_first(self, client: Client, db: None) -> None:
        assert client.get(OWN)["Location"] == f"/login/?next={OWN}"

    def test_who_edits_nothing_is_told_why_there_is_no_form(self, flow: Flow, vera: User, enter: Enter) -> None:
        html = enter(vera).get(OWN).content.decode()
        assert "There is no flow that you can edit" in html and 'name="on"' not in html
        assert "Nothing yet." in html and "No rule tells you anything yet." in html

    @pytest.mark.parametrize("name", ["vera", "charlie"])
    def test_a_flow_that_one_may_not_edit_is_refused_as_one_that_is_not_there(
        self, flow: Flow, vera: User, charlie: User, enter: Enter, name: str
    ) -> None:
        client = enter({"vera": vera, "charlie": charlie}[name])
        for given in (own(flow), {**own(flow), "flow": "x"}):
            answer = client.post(OWN, given)
            assert (answer.status_code, "Choose a flow that you can edit." in answer.content.decode()) == (422, True)
        assert not Webhook.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"on": []}, "Choose at least one event."),
            ({"on": ["x"]}, "on: one or more of"),
            ({"channel": "webhook"}, "Choose how you are told."),
            ({"quiet": "-1"}, "Choose how often."),
        ],
    )
    def test_a_refused_rule_is_told_with_what_was_chosen(
        self, flow: Flow, bob: User, enter: Enter, wrong: dict[str, Any], said: str
    ) -> None:
        answer = enter(bob).post(OWN, own(flow, **{"quiet": "86400", **wrong}))
        html = answer.content.decode()
        assert (answer.status_code, said in html) == (422, True)
        assert 'id="rule-error" class="field-error" role="alert"' in html
        assert ('value="86400" selected' in html) is ("quiet" not in wrong)
        assert not Webhook.objects.exists()

    def test_one_is_added_for_me_alone_and_removed(self, flow: Flow, bob: User, alice: User, enter: Enter) -> None:
        client = enter(bob)
        html = client.post(OWN, own(flow), follow=True).content.decode()
        assert "Rule added." in html
        assert "A run has failed, A run is done" in html and "In Helix: bob@example.com" in html
        assert "At most once in 1 hour" in html
        assert kept() == [("in_app", "bob@example.com", ["run.failed", "run.done"], 3600)]
        assert "In Helix: bob@example.com" not in enter(alice).get(OWN).content.decode()

        rule = str(Webhook.objects.get().rule)
        enter(alice).post(OWN, {"action": "remove", "flow": str(flow.pk), "rule": rule})
        assert Webhook.objects.count() == 1, "it is not hers"
        client.post(OWN, {"action": "remove", "flow": str(flow.pk), "rule": rule})
        assert not Webhook.objects.exists()

    def test_what_everybody_is_told_is_shown_but_changed_with_its_flow(
        self, flow: Flow, alice: User, bob: User, enter: Enter, address: str
    ) -> None:
        replace_rules(Person(alice.pk), flow.pk, [Rule(("changed",), (Target("in_app", "editors"),))])
        html = enter(bob).get(OWN).content.decode()
        assert "In Helix: those who can edit" in html and f'href="{address}"' in html
        assert 'value="remove"' not in html
        rule = str(Webhook.objects.get().rule)
        enter(bob).post(OWN, {"action": "remove", "flow": str(flow.pk), "rule": rule})
        assert Webhook.objects.exists()

    def test_what_i_was_told_is_marked_as_read(self, flow: Flow, bob: User, alice: User, enter: Enter) -> None:
        body = f'{{"flow": {{"id": "{flow.pk}", "title": "Plan a <b>trip</b>"}}, "reason": "It was late."}}'
        for person in (bob, alice):
            Notice.objects.create(
                person=person, flow=flow, delivery=flow.pk, event="run.failed", body=body, at=timezone.now()
            )
        client = enter(bob)
        html = client.get(OWN).content.decode()
        assert (
            "1 new" in html
            and "It was late." in html
            and "A run of “Plan a &lt;b&gt;trip&lt;/b&gt;” has failed" in html
        )
        html = client.post(OWN, {"action": "read"}, follow=True).content.decode()
        assert "1 new" not in html and "It was late." in html
        assert Notice.objects.get(person=alice).read_at is None


class TestOfAFlow:
    def test_editors_alone(self, flow: Flow, vera: User, charlie: User, enter: Enter, address: str) -> None:
        for person, status in ((vera, 403), (charlie, 404)):
            assert enter(person).get(address).status_code == status
            assert enter(person).post(address, own(flow)).status_code == status
        assert not Webhook.objects.exists()

    def test_none_says_so(self, bob: User, enter: Enter, address: str) -> None:
        assert "No rules yet: nobody is told anything." in enter(bob).get(address).content.decode()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"channel": "mail", "target": "nobody"}, "mail: an e-mail address as target"),
            ({"channel": "webhook", "target": "http://127.0.0.1/x"}, "webhook: this address is not public"),
            ({"channel": "pigeon", "target": "x"}, "channel: one of"),
            ({"channel": "in_app", "target": "x" * 5000}, "At most"),
        ],
    )
    def test_a_refused_one_is_told_and_its_secret_not_given_back(
        self, flow: Flow, bob: User, enter: Enter, address: str, given: dict[str, str], said: str
    ) -> None:
        answer = enter(bob).post(address, own(flow, secret="swordfish", **given))
        html = answer.content.decode()
        assert (answer.status_code, said in html, "swordfish" in html) == (422, True, False)
        assert 'aria-invalid="true"' in html
        assert not Webhook.objects.exists()

    def test_rules_are_added_beside_each_other_and_removed(
        self, flow: Flow, bob: User, enter: Enter, address: str
    ) -> None:
        client = enter(bob)
        client.post(address, own(flow, channel="in_app", target="owners", quiet="0"))
        html = client.post(address, own(flow, channel="mail", target="ops@example.org"), follow=True).content.decode()
        assert "In Helix: its owners" in html and "E-mail: ops@example.org" in html
        assert [one[:2] for one in kept()] == [("in_app", "owners"), ("mail", "ops@example.org")]

        first = str(Webhook.objects.order_by("created_at")[0].rule)
        for _twice in range(2):
            answer = client.post(address, {"action": "remove", "rule": first})
            assert answer["Location"] == address
        assert [one[:2] for one in kept()] == [("mail", "ops@example.org")]

    def test_the_most_there_may_be(self, flow: Flow, bob: User, enter: Enter, address: str, settings: Any) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, notification_rules=1)
        client = enter(bob)
        client.post(address, own(flow, target="owners"))
        answer = client.post(address, own(flow, target="editors"))
        assert "at most 1 rules" in answer.content.decode()
        assert len(kept()) == 1

    def test_hostile_targets_stay_text(self, flow: Flow, bob: User, enter: Enter, address: str) -> None:
        html = enter(bob).post(address, own(flow, target='"><img src=x>')).content.decode()
        assert "<img src=x" not in html
