"""The kind `memory`: reads, writes, adds, searches and forgets. What writes gives on what it kept.

`key_value`, `conversation`, `session` and `vector_store` are memories apart. A conversation is read as its last turns,
as many as fit. Found by words; with an embedding model also by meaning. One that does not answer fails nothing: what
is kept then is found by words alone, and so is what is asked.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.utils import timezone

from flows.expressions import Json
from runs import memory
from runs.errors import TaskFailure
from runs.kinds.executor import Done, Work
from runs.kinds.texts import evaluated, filled, text_setting, whole_setting
from runs.memory import Meaning, Place
from runs.providers.embedding import embedder_for
from runs.providers.values import Call, ProviderFailure
from web.deferred_translation import kept as _

LIMIT: Final = 5
TURNS: Final = 20
TOKENS: Final = 4_000
ENTRIES: Final = 1_000
SIMILARITY: Final = 0.8
SECONDS: Final = 15.0
"""For one text to be embedded."""
log = structlog.get_logger(__name__)


def execute(work: Work) -> Done:
    """Do what the operation says. Raises `TaskFailure`."""
    settings = work.step.settings
    kind = text_setting(settings, "type", "key_value")
    place = memory.place_of(work.flow, work.run, type=kind[:16], scope=text_setting(settings, "scope", "flow"))
    match text_setting(settings, "operation", "get"):
        case "get":
            return Done(_get(work, place))
        case "put" | "append" as operation:
            return _keep(work, place, operation)
        case "search":
            return _search(work, place)
        case "forget":
            return Done({"forgotten": memory.forget(place, _key(work), expect_held=work.expect_held)})
        case other:
            raise TaskFailure("invalid_input", _("There is no operation “%(name)s”.") % {"name": other[:20]})


def _get(work: Work, place: Place) -> Json:
    settings, key = work.step.settings, _key(work)
    if place.type == "conversation":
        most, tokens = whole_setting(settings, "turns", TURNS), whole_setting(settings, "max_tokens", TOKENS)
        found: Json = list(memory.turns(place, key or "", most=most, tokens=tokens))
        return found
    return memory.everything(place) if key is None else memory.value_under(place, key)


def _keep(work: Work, place: Place, operation: str) -> Done:
    settings, value = work.step.settings, _value(work)
    meaning, usage = _meaning(work, memory.text_of_value(value, _names(settings)))
    keep = memory.put if operation == "put" else memory.append
    keep(
        place,
        _key(work) or "",
        value,
        task=work.task,
        fields=_names(settings),
        meaning=meaning,
        most=whole_setting(settings, "max_entries", ENTRIES),
        now=timezone.now(),
        expect_held=work.expect_held,
    )
    return Done(value, usage=usage)


def _search(work: Work, place: Place) -> Done:
    settings, question = work.step.settings, memory.text_of_value(_value(work))
    meaning, usage = _meaning(work, question)
    limit, similarity = max(1, whole_setting(settings, "limit", LIMIT)), settings.get("similarity")
    least = float(similarity) if isinstance(similarity, int | float) else SIMILARITY
    found = memory.search(place, question, limit=limit, meaning=meaning, similarity=least)
    return Done([{"key": one.key, "value": one.value, "score": one.score} for one in found], usage=usage)


def _meaning(work: Work, text: str) -> tuple[Meaning, dict[str, Json]]:
    """Have a text embedded, if the node names a model; return what it means, and what that took.

    Raises `TaskFailure` ("cancelled").
    """
    model = text_setting(work.step.settings, "embedding_model").strip()[: memory.LONGEST_MODEL]
    if not model or not text.strip():
        return memory.UNKNOWN, {}
    call = Call(seconds=SECONDS, fair=SECONDS, key=work.task, cancelled=work.cancelled, on_cancel=work.on_cancel)
    try:
        embedder = embedder_for(model)
        embedded = embedder.embed(text, call) if embedder else None
    except ProviderFailure as failure:
        if failure.code == "cancelled":
            raise TaskFailure(failure.code, failure.message) from None
        log.warning("not_embedded", model=model, code=failure.code, reason=str(failure.message)[:300])
        embedded = None
    if embedded is None:
        return memory.UNKNOWN, {}
    return Meaning(model, embedded.vector), {"input_tokens": embedded.input_tokens}


def _key(work: Work) -> str | None:
    text = text_setting(work.step.settings, "key")
    if not text:
        return None
    key = filled(text, work.names)
    memory.check_key(key)
    return key


def _value(work: Work) -> Json:
    text = text_setting(work.step.settings, "value")
    return evaluated(text, work.names) if text else work.prev


def _names(settings: Mapping[str, Any]) -> list[str]:
    fields = settings.get("index_fields")
    return [name for name in fields if isinstance(name, str)] if isinstance(fields, (list, tuple)) else []
