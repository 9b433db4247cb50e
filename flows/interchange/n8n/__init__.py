"""n8n's workflow JSON."""

from flows.interchange.n8n.reading import read
from flows.interchange.n8n.writing import write

__all__ = ["read", "write"]
