"""The model `test`, which comes with the product: it needs no network and knows nothing.

It answers by rule from what it is told, the same every time: picks one of the words that the prompt offers, makes JSON
that fits a schema, calls a tool that is named, shortens, lists, or says plainly that it is only a test. So a flow can
be tried, and tested, before anybody has chosen a provider.
"""

from runs.providers.builtin.model import MODEL, PROVIDER, BuiltIn

__all__ = ["MODEL", "PROVIDER", "BuiltIn"]
