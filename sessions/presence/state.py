"""What a person is doing, within the bounds that others pay for.

A client may send ids by the frame, also of what never existed. Of a selection or a drag at most `MOST_IDS` ids of
elements that exist are kept and told, fewer where they do not fit into `PRESENCE_BYTES`; `selected` and `drag.count`
then say how many there are. Everything else in a state is short by its own rules.
"""

from collections.abc import Callable, Mapping
from typing import cast

import orjson

State = Mapping[str, object]
Holds = Callable[[str], bool]
"""Tells whether the flow holds an element."""

MOST_IDS = 100


def bounded(state: State, holds: Holds, most: int = MOST_IDS) -> dict[str, object]:
    """Return a state with the ids of existing elements, at most `most` in each list, and how many if there are more."""
    kept = dict(state)
    if "selection" in kept:
        ids, count = _existing(kept["selection"], holds, kept.pop("selected", 0))
        kept["selection"] = ids[:most]
        if count > most:
            kept["selected"] = count
    if drag := cast("Mapping[str, object] | None", kept.get("drag")):
        ids, count = _existing(drag["ids"], holds, drag.get("count", 0))
        told = {"count": count} if count > most else {}
        kept["drag"] = {"ids": ids[:most], "dx": drag["dx"], "dy": drag["dy"], **_place(drag, ids), **told}
    return kept


def fitted(state: State, holds: Holds, room: int) -> dict[str, object]:
    """Return a bounded state as it is told: with as many ids as fit into `room` bytes, in each list the same number."""
    told = bounded(state, holds)
    if len(orjson.dumps(told)) <= room:
        return told
    fits, too_many = 0, MOST_IDS
    while too_many - fits > 1:
        most = (fits + too_many) // 2
        if len(orjson.dumps(bounded(state, holds, most))) <= room:
            fits = most
        else:
            too_many = most
    return bounded(state, holds, fits)


def merge(state: dict[str, object], parts: State) -> None:
    """Let parts replace those of a state. A selection that is named without its count has none."""
    if "selection" in parts:
        state.pop("selected", None)
    state.update(parts)


def difference(before: State, after: State) -> dict[str, object]:
    """Return the parts that lead from one state to a later one."""
    parts = {name: value for name, value in after.items() if name not in before or before[name] != value}
    if "selection" in after and (
        parts.keys() & {"selection", "selected"} or ("selected" in before) > ("selected" in after)
    ):
        parts |= {name: after[name] for name in ("selection", "selected") if name in after}
    return parts


def _place(drag: Mapping[str, object], ids: list[str]) -> dict[str, object]:
    """Return where the first node of a drag is, if that was told and the node is still there."""
    is_first = "x" in drag and ids[:1] == cast("list[str]", drag["ids"])[:1]
    return {"x": drag["x"], "y": drag["y"]} if is_first else {}


def _existing(ids: object, holds: Holds, count: object) -> tuple[list[str], int]:
    """Return the ids that exist, and how many there are; `count` is of a list that was shortened before."""
    listed = cast("list[str]", ids)
    found = [id for id in listed if holds(id)]
    return found, max(cast(int, count) - (len(listed) - len(found)), len(found))
