"""Mails about accounts and to invite: plain text, by templates `<name>_subject.txt` and `<name>_message.txt`.

What people chose themselves (a name, a title, what a browser calls itself) is shown so that no mail program makes a
link of it (`web.text.unlinked`), and stands in no header but the subject, which is one line. Nothing is escaped, for
nothing is HTML. A mail that cannot be sent is no failure of what it tells.
"""

import re
import smtplib
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template import Context, engines
from django.utils import timezone

from accounts.agents import name_of
from accounts.models import User
from accounts.origin import current

SMTP = "django.core.mail.backends.smtp.EmailBackend"
PRODUCT = "Helix"
log = structlog.get_logger(__name__)


def compose(name: str, to: str, values: Mapping[str, object]) -> EmailMessage:
    """Write a mail from the templates of a name."""
    context = {"product": PRODUCT, "site": "", **values}
    subject = " ".join(f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{_rendered(f'{name}_subject.txt', context)}".split())
    body = re.sub(r"\n{3,}", "\n\n", _rendered(f"{name}_message.txt", context)).strip() + "\n"
    return EmailMessage(subject, body, to=[to], headers={"Auto-Submitted": "auto-generated"})


def send(message: EmailMessage, **about: object) -> bool:
    """Send a mail, if there is a mail server, and tell whether it went out; `about` is for the log."""
    if settings.HELIX_MAIL is None and settings.EMAIL_BACKEND == SMTP:
        log.warning("mail_failed", reason="no_mail", **about)
        return False
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as failed:
        log.warning("mail_failed", reason=type(failed).__name__, **about)
        return False
    return True


def tell_person(name: str, user: User, **values: object) -> bool:
    """Tell a person by mail what was done to their account; those who have no address are not told."""
    return bool(user.email) and send(compose(name, str(user.email), {**done_by(), **values}), person=user.pk)


def done_by() -> dict[str, object]:
    """Return where and by what the caller does it, for mails that tell of it."""
    origin = current()
    return {"address": origin.address, "device": name_of(origin.agent), "at": timezone.now()}


def _rendered(template: str, values: Mapping[str, object]) -> str:
    text: str = engines["django"].get_template(template).template.render(Context(dict(values), autoescape=False))  # type: ignore[attr-defined]
    return text
