"""The ways of notices besides `webhook`: mail, people in the page, files below the folder, and the services.

Each takes a delivery that is ours, its target and its secret, and says how it ended; whatever it raises is one try.
"""

import smtplib
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils import timezone

from accounts import attempts
from accounts.addresses import comparable
from accounts.models import Attempt, User
from flows.access import Grant, grants_of_people
from flows.models import Delivery
from flows.webhooks.channels import Tried, register
from runs import files
from runs.commands.answering import NO_ADDRESS, Address, addresses_of, is_asked, is_editor
from runs.models import Notice, Question
from runs.notices.sentences import sender_of, text_of, title_of
from runs.notices.services import SERVICES, parts_of, send_by
from runs.values import decode
from web.errors import Problem
from web.text import sendable, unlinked

ROLES: Final = {
    "": ("owner", "editor", "commenter", "viewer"),
    "members": ("owner", "editor", "commenter", "viewer"),
    "editors": ("owner", "editor"),
    "owners": ("owner",),
}
"""Who is meant by these words, in the page; any other target is a member's address."""
CHANNELS: Final = ("in_app", "mail", "webhook", *SERVICES)
"""The ways that rules may name."""

log = structlog.get_logger(__name__)


def register_channels() -> None:
    """Offer all of them to the sender."""
    register("mail", by_mail)
    register("in_app", in_app)
    register("file", to_file)
    for name in SERVICES:
        register(name, by_service)


def by_mail(delivery: Delivery, target: str, secret: str) -> Tried:
    """Send a mail of plain text to one address. It says who sent it, and counts for the flow and for that person."""
    server = settings.HELIX_MAIL
    if server is None:
        return None, "no_mail"
    if not is_address(target):
        return None, "address"
    person = _answers_for(delivery)
    sender = sender_of("" if person is None else person.name, delivery.flow.title)
    message = EmailMessage(
        _title(delivery, shown=unlinked),
        f"{sender}\n\n{text_of(delivery.event, delivery.body, shown=unlinked)}",
        server.sender,
        [target],
        headers={"Message-ID": f"<{delivery.pk}@helix>", "Auto-Submitted": "auto-generated"},
    )
    counted = _counted(delivery.flow_id, person)
    if counted is None:
        return None, "limit_reached"
    status, error = _sent(message, delivery)
    if error:
        _forget(counted)
    return status, error


def _answers_for(delivery: Delivery) -> User | None:
    """Return who answers for a delivery; None if that person is gone, or it was the server itself."""
    webhook = delivery.webhook
    return delivery.person or (None if webhook is None else webhook.created_by)


def _counted(flow_id: UUID, person: User | None) -> list[Attempt] | None:
    """Count a mail for its flow and for its person; None, and nothing is counted, where either has no more."""
    counted: list[Attempt] = []
    for subject in [str(flow_id), *([] if person is None else [f"person {person.pk}"])]:
        try:
            counted.append(attempts.count("mail", subject))
        except Problem:
            _forget(counted)
            return None
    return counted


def _forget(counted: Sequence[Attempt]) -> None:
    for one in counted:
        one.delete()


def _sent(message: EmailMessage, delivery: Delivery) -> Tried:
    try:
        message.send()
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code, "mail"
    except (smtplib.SMTPException, OSError) as failed:
        log.warning("mail_failed", delivery=str(delivery.pk), reason=type(failed).__name__)
        return None, "mail"
    return None, ""


def _title(delivery: Delivery, *, shown: Callable[[str], str] = str) -> str:
    return title_of(delivery.event, delivery.body, delivery.flow.title, shown=shown)


def in_app(delivery: Delivery, target: str, secret: str) -> Tried:
    """Show it in the page to the members that are meant now, once each."""
    people = _told(delivery, _meant(delivery.flow_id, target))
    if not people:
        return None, "nobody"
    notices = [
        Notice(
            person_id=person,
            flow_id=delivery.flow_id,
            delivery=delivery.pk,
            event=delivery.event,
            body=delivery.body,
            at=timezone.now(),
        )
        for person in people
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return None, ""


def _meant(flow_id: UUID, target: str) -> list[tuple[int, Grant, Address]]:
    """Return who is meant, with role and address."""
    grants = grants_of_people(flow_id)
    addresses = addresses_of(grants)
    people = [(person, grant, addresses.get(person, NO_ADDRESS)) for person, grant in sorted(grants.items())]
    if target in ROLES:
        return [one for one in people if one[1].role in ROLES[target]]
    return [one for one in people if one[2].text == comparable(target)]


def _told(delivery: Delivery, rows: Sequence[tuple[int, Grant, Address]]) -> list[int]:
    """Return which of these people (with role and address) may know of it: of a question who may answer it."""
    if delivery.event != "question.asked":
        return [person for person, _, _ in rows]
    asked = Question.objects.filter(task=orjson.loads(delivery.body).get("task"), flow=delivery.flow_id)
    question, flow = asked.order_by("-asked_at").first(), delivery.flow
    return [
        person
        for person, who, address in rows
        if question and is_asked(question, address, edits=is_editor(who, flow), is_own=who.own is not None)
    ]


def to_file(delivery: Delivery, target: str, secret: str) -> Tried:
    """Put the value below the folder for files: a text as it is, anything else as JSON."""
    value = decode(delivery.body)
    content = sendable(value).encode() if isinstance(value, str) else delivery.body.encode()
    try:
        files.write(target, content)
    except files.FileRefused as refused:
        log.warning("file_not_written", delivery=str(delivery.pk), reason=refused.message)
        return None, "file"
    return None, ""


def by_service(delivery: Delivery, target: str, secret: str) -> Tried:
    """Tell one of the services."""
    parts = parts_of(delivery.channel, target, secret)
    if parts is None:
        return None, "secret"
    is_taken = send_by(parts, _title(delivery), text_of(delivery.event, delivery.body))
    return None, "" if is_taken else "service"


def is_address(text: str) -> bool:
    """Tell whether a text is one e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
