"""What a flow can use in this installation, as validation is told it: from the rows of now, and from the settings."""

import json
from uuid import UUID

from django.conf import settings

from flows.validation import Installation
from runs.models import Provider, ToolServer, Worker
from runs.providers.builtin import MODEL, PROVIDER
from runs.secrets import names_of


def installation_of(flow_id: UUID | None) -> Installation:
    """Return what a flow can use; of one that is not stored the secrets are not known."""
    providers = list(Provider.objects.values_list("pk", "title", "model_names"))
    servers = dict(ToolServer.objects.values_list("pk", "title"))
    models = {MODEL}.union(*(names for _id, _title, names in providers))
    takes_any = any(not names for _id, _title, names in providers)
    return Installation(
        providers=frozenset({PROVIDER, *(id for id, _title, _names in providers)}),
        models=None if takes_any else frozenset(models),
        models_of={PROVIDER: frozenset({MODEL}), **{id: frozenset(names) for id, _title, names in providers if names}},
        secrets=None if flow_id is None else frozenset(names_of(flow_id)),
        databases=frozenset(settings.HELIX_DATABASES),
        has_files_folder=bool(settings.HELIX_FILES_DIR),
        tool_servers=frozenset(servers),
        labels=frozenset(label for text in _labels() for label in json.loads(text)),
        titles={PROVIDER: "Test", **{id: title for id, title, _names in providers}, **servers},
    )


def _labels() -> list[str]:
    living = Worker.objects.filter(state__in=[Worker.State.STARTING, Worker.State.READY])
    return list(living.values_list("labels", flat=True))
