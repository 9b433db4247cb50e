"""Node-RED's flows JSON: an array of tabs, subflows, groups, nodes and config nodes."""

from flows.interchange.nodered.reading import read
from flows.interchange.nodered.writing import write

__all__ = ["read", "write"]
