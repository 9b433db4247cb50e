"""What the rules may know of where flows run; None where it is not known, and then nothing is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LANGUAGES = frozenset({"", "expression", "jsonpath"})
SOURCES = frozenset({"webhook", "schedule", "polling", "file", "database"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The providers with their models, the secrets by name, the databases, and whether there is a folder for files.

    `tool_servers` are ids, `labels` those that workers which live now have; `titles` says what providers and tool
    servers are called. `models_of` has the models of each provider that does not take any; `models` are all, None if
    one takes any. `languages` are those of a decision's condition,
    `sources` those of a sensor.
    """

    providers: frozenset[str] | None = None
    models: frozenset[str] | None = None
    models_of: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    secrets: frozenset[str] | None = None
    databases: frozenset[str] | None = None
    has_files_folder: bool | None = None
    tool_servers: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    titles: Mapping[str, str] = field(default_factory=dict, hash=False)
    languages: frozenset[str] = LANGUAGES
    sources: frozenset[str] = SOURCES


UNKNOWN = Installation()
"""Nothing is known but what the product itself offers."""
