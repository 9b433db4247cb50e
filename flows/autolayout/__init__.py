"""Automatic layout: where the boxes of a flow go so that it reads from left to right. Pure: sizes in, places out.

`arrange` lays out a whole flow or a part of it by the layered method of Sugiyama, Tagawa and Toda (Methods for visual
understanding of hierarchical system structures, 1981). The steps stand in
`layering` (which column), `crossings` (which order in it) and `coordinates` (how high); `arrange` puts the parts,
groups and loose boxes together.
"""

from flows.autolayout.arrange import Direction, arrange
from flows.autolayout.boxes import Box, Place, Work

__all__ = ["Box", "Direction", "Place", "Work", "arrange"]
