"""Notifications: a page for what one was told and one's own rules, and one for all rules of a flow.

Both work without scripts. A rule of one's own is a rule of a flow that tells oneself alone; all others are changed on
the page of their flow, since they are everybody's who edits it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.addresses import comparable
from flows.access import Access, Role, expect_own_role, flows_of, read_id, roles_of
from flows.commands.webhooks import EVENTS
from flows.errors import FlowError, NotFound
from flows.pages.decorators import PageRequest, flow_view, logged_in, person, principal
from runs.models import Notice
from runs.notices import reading
from runs.notices import rules as notice_rules
from runs.notices.channels import CHANNELS, ROLES
from runs.notices.rules import Rule, Target
from runs.notices.sentences import text_of, title_of
from web.egress import LONGEST_URL
from web.errors import Problem, as_failure

MOST_FLOWS: Final = 200
PERSONAL: Final = ("in_app", "mail")
QUIET: Final = (0, 300, 3_600, 86_400)
HAPPENING = tuple(one for one in EVENTS if not one.startswith("comment."))
"""The events that there are: flows have no comments yet."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words."""

    notice: Notice
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule in words; `may_remove` is whether it may be taken away where it is shown."""

    id: UUID | None
    events: str
    targets: tuple[str, ...]
    quiet: str
    may_remove: bool
    paused: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def notifications(request: PageRequest) -> HttpResponse:
    """Show what this person was told and which rules tell them; mark it as read, add a rule, take one away."""
    if request.method != "POST":
        return _own_page(request)
    try:
        _change_own(request)
    except NotFound:
        return _own_page(request, Problem("invalid", _("Choose a flow that you can edit.")))
    except Problem as problem:
        return _own_page(request, problem)
    return redirect("runs:notifications")


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view(Role.EDITOR)
def rules(request: PageRequest, access: Access) -> HttpResponse:
    """Show who is told of what in a flow; add a rule, take one away."""
    expect_own_role(access, Role.EDITOR)
    if request.method != "POST":
        return _flow_page(request, access)
    try:
        if request.POST.get("action") == "remove":
            notice_rules.remove_rule(principal(request), access.flow.pk, read_id(request.POST.get("rule", "")))
            messages.success(request, _("Rule removed."))
        else:
            notice_rules.add_rule(principal(request), access.flow.pk, _read(request.POST, _target(request.POST)))
            messages.success(request, _("Rule added."))
    except Problem as problem:
        return _flow_page(request, access, problem)
    except NotFound:
        pass  # somebody was faster; the page shows it
    return redirect("runs:rules", access.flow.pk)


def _change_own(request: PageRequest) -> None:
    """Do what a button says. Raises `Problem` and `NotFound`."""
    who, given = person(request), request.POST
    match given.get("action"):
        case "read":
            reading.mark_read(who, None, now=timezone.now())
        case "remove":
            flow, rule = read_id(given.get("flow", "")), read_id(given.get("rule", ""))
            held = [one for one in notice_rules.rules_of(who, flow) if one.id == rule]
            if held and _is_own(held[0], request.user.email):
                notice_rules.remove_rule(who, flow, rule)
                messages.success(request, _("Rule removed."))
        case _:
            channel = given.get("channel", "")
            if channel not in PERSONAL:
                raise Problem("invalid", _("Choose how you are told."))
            if not request.user.email:
                raise Problem("invalid", _("Your account has no e-mail address."))
            try:
                notice_rules.add_rule(
                    who, read_id(given.get("flow", "")), _read(given, Target(channel, request.user.email))
                )
            except FlowError as refused:
                raise NotFound from refused
            messages.success(request, _("Rule added."))


def _own_page(request: PageRequest, problem: Problem | None = None) -> HttpResponse:
    who, email = person(request), request.user.email
    roles = roles_of(who)
    listed = []
    for flow, held in notice_rules.rules_in(who):
        mine = [one for one in held if _tells(one, email, roles.get(flow.pk, Role.VIEWER))]
        if mine:
            listed.append((flow, [_shown(one, may_remove=_is_own(one, email)) for one in mine]))
    context: dict[str, Any] = {
        "notices": [_told(one) for one in reading.notices_of(who)],
        "unread": reading.unread_count(who),
        "rules": listed,
        "flows": list(flows_of(who, Role.EDITOR).order_by("-updated_at")[:MOST_FLOWS]),
        "ways": [(one, _channels()[one]) for one in PERSONAL],
        "email": email,
    }
    return _drawn(request, "flows/runs/notifications.html", context, problem)


def _flow_page(request: PageRequest, access: Access, problem: Problem | None = None) -> HttpResponse:
    held = notice_rules.rules_of(principal(request), access.flow.pk)
    context: dict[str, Any] = {
        "flow": access.flow,
        "rules": [_shown(one, may_remove=True) for one in held],
        "ways": list(_channels().items()),
        "roles": [word for word in ROLES if word],
        "longest": LONGEST_URL,
    }
    return _drawn(request, "flows/runs/rules.html", context, problem)


def _drawn(request: PageRequest, template: str, context: Mapping[str, Any], problem: Problem | None) -> HttpResponse:
    form = {
        "events": [(one, _events()[one]) for one in HAPPENING],
        "quiets": [(seconds, _quiet(seconds)) for seconds in QUIET],
        "error": problem and problem.message,
        "chosen": request.POST.getlist("on") if problem else ["run.failed", "question.asked"],
        "typed": request.POST if problem else {},
    }
    response = render(request, template, {**context, **form})
    return response if problem is None else as_failure(response, problem)


def _read(given: QueryDict, target: Target) -> Rule:
    """Read what a rule is to tell. Raises `Problem("invalid")`."""
    on = tuple(dict.fromkeys(given.getlist("on")))
    if not on:
        raise Problem("invalid", _("Choose at least one event."))
    quiet = given.get("quiet", "")
    if quiet not in {str(one) for one in QUIET}:
        raise Problem("invalid", _("Choose how often."))
    return Rule(on, (target,), int(quiet))


def _target(given: QueryDict) -> Target:
    channel, target = given.get("channel", ""), given.get("target", "").strip()
    if max(len(target), len(given.get("secret", ""))) > LONGEST_URL:
        raise Problem("invalid", _("At most %(most)d characters.") % {"most": LONGEST_URL})
    return notice_rules.placed(Target(channel, target, given.get("secret", "").strip()))


def _told(notice: Notice) -> Told:
    title = title_of(notice.event, notice.body, notice.flow.title)
    text = text_of(notice.event, notice.body)
    return Told(notice, title, "\n".join(line for line in text.split("\n") if line != title))


def _shown(rule: Rule, *, may_remove: bool) -> ShownRule:
    words = _events()
    events = ", ".join(words.get(one, one) for one in rule.on)
    targets = tuple(_told_where(one) for one in rule.to)
    return ShownRule(rule.id, events, targets, _quiet(rule.quiet), may_remove, rule.paused)


def _told_where(target: Target) -> str:
    way = _channels().get(target.channel, target.channel)
    whom = _people().get(target.target, target.target) if target.channel == "in_app" else target.target
    return f"{way}: {whom}" if whom else way


def _tells(rule: Rule, email: str | None, role: Role) -> bool:
    """Tell whether a rule reaches a person with this address and role."""
    return any(
        _is_mine(one, email) or (one.channel == "in_app" and role in ROLES.get(one.target, ())) for one in rule.to
    )


def _is_own(rule: Rule, email: str | None) -> bool:
    return all(_is_mine(one, email) for one in rule.to)


def _is_mine(target: Target, email: str | None) -> bool:
    return target.channel in PERSONAL and bool(email) and comparable(target.target) == email


def _events() -> dict[str, str]:
    return {
        "changed": _("The flow was changed"),
        "run.done": _("A run is done"),
        "run.failed": _("A run has failed"),
        "question.asked": _("A run asks a question"),
        "worker.lost": _("A run has lost a worker"),
        "comment.added": _("There is a new comment"),
        "comment.mention": _("A comment mentions somebody"),
    }


def _channels() -> dict[str, str]:
    own = {"in_app": _("In Helix"), "mail": _("E-mail"), "webhook": _("Webhook")}
    services = {"google_chat": "Google Chat", "ntfy": "ntfy", "opsgenie": "Opsgenie"}
    return {one: own.get(one) or services.get(one, one.title()) for one in CHANNELS}


def _people() -> dict[str, str]:
    return {
        "": _("everybody in the flow"),
        "members": _("everybody in the flow"),
        "editors": _("those who can edit"),
        "owners": _("its owners"),
    }


def _quiet(seconds: int) -> str:
    if not seconds:
        return _("Every time")
    if seconds % 3_600 == 0:
        hours = seconds // 3_600
        return ngettext("At most once in %(n)d hour", "At most once in %(n)d hours", hours) % {"n": hours}
    if seconds % 60 == 0:
        minutes = seconds // 60
        return ngettext("At most once in %(n)d minute", "At most once in %(n)d minutes", minutes) % {"n": minutes}
    return ngettext("At most once in %(n)d second", "At most once in %(n)d seconds", seconds) % {"n": seconds}
