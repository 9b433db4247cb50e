"""Graphviz's DOT, read after its own grammar and written so that Graphviz reads the same graph.

`tokens` finds words, `grammar` statements, `graph` what they build, `reading` and `writing` our side. Graphviz itself
is never started: it opens what a file names.
"""

from flows.interchange.dot.reading import read
from flows.interchange.dot.writing import write

__all__ = ["read", "write"]
