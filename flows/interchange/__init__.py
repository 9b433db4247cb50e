"""Flows in and out of other tools: a reader per format gives a `NeutralFlow`, a writer per format takes one.

Bytes in, values out: no database, no network. Of files only our own fonts, icons and colours are read. What a format
cannot say is told in the `Report`.
"""
