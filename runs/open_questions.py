"""Questions over all flows: those that one person is asked, found however many others are asked."""

import json
from itertools import islice
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.principals import Caller
from flows.access import editors_themselves, flows_of, roles_of
from runs.commands.answering import EDITORS, address_of, is_asked
from runs.models import Question

AT_ONCE = 200


def asked_of(who: Caller, questions: QuerySet[Question], *, most: int) -> list[Question]:
    """Return the first of these questions that a person is asked, at most so many."""
    editing, address = editors_themselves(who), address_of(who.user_id)
    own = set(flows_of(who, own=True).values_list("pk", flat=True))
    by_address = set(roles_of(who)) if address.is_confirmed else own
    found = questions.filter(_perhaps(by_address, editing, address.text)).iterator(chunk_size=AT_ONCE)
    asked = (one for one in found if is_asked(one, address, edits=one.flow_id in editing, is_own=one.flow_id in own))
    return list(islice(asked, most))


def _perhaps(by_address: set[UUID], editing: set[UUID], address: str) -> Q:
    """Return a filter that lets through all of a person's questions, and hardly any other's."""
    asked = Q(flow__in=list(editing), who=EDITORS)
    return asked | Q(flow__in=list(by_address), who__icontains=_written(address)) if address else asked


def _written(address: str) -> str:
    """Return how an address stands in `who`, up to where its letters may be written in more than one way."""
    plain = next((n for n, letter in enumerate(address) if not letter.isascii()), len(address))
    return json.dumps(address[:plain])[: None if plain == len(address) else -1]
