"""React Flow's JSON, and that of the tools built on it: Flowise, Langflow, ChainForge."""

from flows.interchange.reactflow.reading import read
from flows.interchange.reactflow.writing import write

__all__ = ["read", "write"]
