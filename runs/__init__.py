"""Runs: a flow that does what it shows. Rows are the truth, a pure planner decides, an engine hands work to workers.

Imports run one way: `helix → sessions → runs → flows → accounts → web`. Only `runs.commands` writes the rows of a run.
"""
