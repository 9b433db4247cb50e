"""Flows as YAML, made for people and for diffs.

The same flow is the same bytes: elements by id, keys in a fixed order, one property on a line, places last and apart
from content. Every text that some reader of YAML 1.1 or 1.2 would take for anything else is quoted, so all agree.
"""

from flows.interchange.yaml_format.body import read
from flows.interchange.yaml_format.writer import write

__all__ = ["read", "write"]
