"""Answers to what tasks ask before they run."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.entrance import with_confirmed_address
from accounts.models import User
from accounts.principals import Principal, user_id_of
from flows.access import Access, Grant, Role, authorize, get_flow_for
from flows.errors import Forbidden, NotFound
from flows.expressions import Json
from flows.models import Flow
from flows.rates import count_operations
from runs.by_link import edits_itself
from runs.commands.following import Following
from runs.commands.locked_run import LockedRun, State
from runs.commands.transaction import flow_of, in_run
from runs.errors import Answered, TaskFailure, WrongState
from runs.kinds import check_form, fields_of
from runs.models import Question, Run, Task
from runs.values import encode
from web.database_time import database_time
from web.errors import Problem

LONGEST_ANSWER = 16_384
EDITORS = json.dumps("editors")


def answer(principal: Principal, run_id: UUID, task: str, value: Json, *, now: datetime | None = None) -> Task:
    """Answer what a task asks; false skips it and what follows.

    Raises `NotFound`, `Forbidden`, `Answered`, `WrongState` and `Problem`: `invalid` for an answer that does not fit,
    `rate_limited` for too many operations.
    """
    flow_id = flow_of(run_id)
    get_flow_for(principal, flow_id, Role.VIEWER)
    count_operations(user_id_of(principal))
    command = partial(_answer, principal=principal, flow_id=flow_id, key=task, value=value)
    return in_run(run_id, now or database_time(), command)


@dataclass(frozen=True, slots=True)
class Address:
    """A person's address ("": none, which nobody asks), and whether it is proven to be theirs."""

    text: str
    is_confirmed: bool


NO_ADDRESS = Address("", False)


def may_answer(principal: Principal, question: Question, who: Grant | Access, flow: Flow) -> bool:
    """Tell whether a person is asked: of those who edit by a link alone only where an owner lets them run the flow."""
    user_id = user_id_of(principal)
    if user_id is None:
        return question.who != EDITORS or is_editor(who, flow)
    return is_asked(question, address_of(user_id), edits=is_editor(who, flow), is_own=who.own is not None)


def is_editor(who: Grant | Access, flow: Flow) -> bool:
    """Tell whether somebody is one of the editors who are asked."""
    return who.role.includes(Role.EDITOR) and edits_itself(who, flow)


def is_asked(question: Question, address: Address, *, edits: bool, is_own: bool) -> bool:
    """Tell whether the person with an address is asked, who is one of the editors (`edits`) or not.

    By a link alone (not `is_own`) anybody comes, under any address: theirs counts only if it is proven.
    """
    who = json.loads(question.who)
    if who == "editors":
        return edits
    is_theirs = bool(address.text) and (is_own or address.is_confirmed)
    return is_theirs and address.text.casefold() in {one.casefold() for one in who}


def address_of(user_id: int) -> Address:
    """Return a person's address."""
    return addresses_of([user_id]).get(user_id, NO_ADDRESS)


def addresses_of(user_ids: Collection[int]) -> dict[int, Address]:
    """Return people's addresses."""
    confirmed = with_confirmed_address(user_ids)
    rows = User.objects.filter(pk__in=user_ids).values_list("pk", "email")
    return {user_id: Address(email or "", user_id in confirmed) for user_id, email in rows}


def _answer(locked: LockedRun, *, principal: Principal, flow_id: UUID, key: str, value: Json) -> Task:
    grant, flow = authorize(principal, flow_id, Role.VIEWER), Flow.objects.only("links_can_run").get(pk=flow_id)
    task = locked.task(key)
    question = Question.objects.filter(task=task).order_by("-asked_at").first()
    if question is None:
        raise NotFound(_("Nothing is asked here."))
    if not may_answer(principal, question, grant, flow):
        raise Forbidden
    if question.answered_at is not None:
        raise Answered
    if task.state != State.ASKING or locked.run.state in Run.ENDED:
        raise WrongState
    given = _checked(question, value)
    question.answered_at, question.answered_by_id, question.value = locked.now, user_id_of(principal), given
    question.save(update_fields=["answered_at", "answered_by", "value"])
    locked.tell("task_answered", task, state=task.state, attempt=task.attempt, by=question.answered_by_id)
    _carry_out(locked, task, is_yes=value is not False)
    return task


def _carry_out(locked: LockedRun, task: Task, *, is_yes: bool) -> None:
    following = Following(locked)
    task.due_at = None
    if is_yes:
        locked.move(task, State.READY)
        following.start(task)
    else:
        following.skip(task)
    following.carry_on()


def _checked(question: Question, value: Json) -> str:
    """Return an answer as JSON, with the defaults of the form. Raises `Problem`."""
    form = fields_of(json.loads(question.form))
    if value is not False and form:
        if not isinstance(value, dict):
            raise Problem("invalid", _("value: an object with the fields of the form, or false"))
        value, wrong = check_form(form, value)
        if wrong:
            detail = {"fields": [{"field": one.field, "code": one.code, "message": one.message} for one in wrong]}
            raise Problem("invalid", wrong[0].message, detail)
    elif not isinstance(value, bool):
        raise Problem("invalid", _("value: true or false"))
    try:
        text = encode(value)
    except TaskFailure as failure:
        raise Problem("invalid", failure.message) from None
    if len(text) > LONGEST_ANSWER:
        raise Problem("invalid", _("value: at most %(most)d characters of JSON") % {"most": LONGEST_ANSWER})
    return text
