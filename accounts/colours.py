"""The nine colours people are drawn in, in the order they are given (white text reads on each, none is the accent)."""

PEOPLE_COLOURS = (
    "#0f766e", "#b45309", "#be185d", "#7c3aed", "#3f7a12", "#0e7490", "#8a4b2a", "#a21caf", "#475569",
)  # fmt: skip

COLOURS = len(PEOPLE_COLOURS)


def own_colour(person: int) -> int:
    """Return the index of a person's own colour: the same on every page, and in a flow if it was free."""
    return person % COLOURS


def colour_of(index: int) -> str:
    """Return the colour for a whole number, going round."""
    return PEOPLE_COLOURS[index % COLOURS]
