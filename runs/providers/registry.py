"""Which models there are: those of the registered providers, and `test`; which of them an agent asks, one after the
other; and which a new agent has.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runs.models import Provider
from runs.providers.asking import Candidate
from runs.providers.builtin import MODEL, PROVIDER, BuiltIn
from runs.providers.health import let_another, may_call, note_answer, note_failure
from runs.providers.http import HttpModel
from runs.providers.values import Call, ProviderFailure
from runs.secrets import unseal
from web.deferred_translation import kept as _


@dataclass(frozen=True, slots=True)
class Default:
    """What an agent asks that says nothing of it."""

    provider: str = PROVIDER
    model: str = MODEL


def default_model() -> Default:
    """Return the installation's default: `test`, until staff choose another."""
    row = Provider.objects.exclude(default_model="").first()
    return Default(row.id, row.default_model) if row else Default()


def chain_for(provider: str, model: str) -> list[Candidate]:
    """Return the models that an agent asks in turn; empty names mean the defaults. Raises `ProviderFailure`."""
    if not provider:
        default = default_model()
        provider, model = default.provider, model or default.model
    if provider == PROVIDER:
        return [_builtin()]
    row = Provider.objects.filter(pk=provider).first()
    if row is None:
        raise _unknown(_("There is no provider “{provider}”.").format(provider=provider[:100]))
    if model and row.model_names and model not in row.model_names:
        text = _("{title} does not offer the model “{model}”.").format(title=row.title, model=model[:100])
        raise _unknown(text)
    others = Provider.objects.in_bulk(row.fallback)
    chain = [_candidate(row, model)]
    for id in row.fallback:
        if id == PROVIDER:
            chain.append(_builtin())
        elif (other := others.get(id)) is not None:
            chain.append(_candidate(other, model if model in other.model_names else ""))
    return chain


def _builtin() -> Candidate:
    return Candidate(PROVIDER, MODEL, BuiltIn())


def _candidate(row: Provider, model: str) -> Candidate:
    name = model or row.default_model or (row.model_names[0] if row.model_names else "")
    if not name:
        raise _unknown(_("{title} has no model that could be asked.").format(title=row.title))
    return Candidate(row.id, name, http_model(row, name), is_open=_is_open(row), told=_told(row))


def http_model(row: Provider, name: str) -> HttpModel:
    """Return a model of a provider, as it is called. Raises `ProviderFailure` ("secret_missing")."""
    key = unseal(row.sealed, row.sealed_about())
    if key is None:
        text = _("The key of {title} cannot be opened: the installation's own key is another now.")
        raise ProviderFailure("secret_missing", text.format(title=row.title))
    return HttpModel(row.title, row.dialect, row.base_url, name, key)


def _is_open(row: Provider) -> Callable[[Call], bool]:
    return lambda call: may_call(row, is_fair=call.is_fair)


def _told(row: Provider) -> Callable[[ProviderFailure | None], None]:
    def told(failure: ProviderFailure | None) -> None:
        if failure is None:
            note_answer(row)
        elif failure.counts:
            note_failure(row)
        else:
            let_another(row)

    return told


def _unknown(message: str) -> ProviderFailure:
    return ProviderFailure("no_provider", message)
