"""Mermaid's flowcharts, read after their own grammar and written so that Mermaid reads the same chart.

`preamble` takes off what is no statement, `grammar` reads statements into a `chart`, `reading` and `writing` are our
side. Other types of diagram are refused by name.
"""

from flows.interchange.mermaid.reading import read
from flows.interchange.mermaid.writing import write

__all__ = ["read", "write"]
