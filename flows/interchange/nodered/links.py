"""The connections between link nodes, which Node-RED does not draw."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext

from flows.interchange.budget import Budget
from flows.interchange.foreign_json import as_list, as_text
from flows.interchange.nodered.subflows import Placed
from flows.interchange.report import Report

LEAVE = ("link out", "link call")


def link_pairs(placed: Mapping[str, Placed], budget: Budget, report: Report) -> Iterator[tuple[str, str]]:
    """Yield the keys of each `link out` or `link call` and the `link in` it reaches, once; tell links to nowhere.

    Both ends list each other, and either list is enough.
    """
    told: set[tuple[str, str]] = set()
    for one in placed.values():
        type = _type(one)
        if type not in LEAVE and type != "link in":
            continue
        for id in map(as_text, as_list(one.raw.get("links"))):
            budget.step()
            other = placed.get(one.prefix + id) or placed.get(id)
            pair = (one, other) if type in LEAVE else (other, one)
            if other is None:
                report.drop("link", f"{one.id} → {id}", gettext("There is no such link node in the file."))
            elif pair[0] and pair[1] and _type(pair[0]) in LEAVE and _type(pair[1]) == "link in":
                keys = pair[0].key, pair[1].key
                if keys not in told:
                    told.add(keys)
                    budget.add_edge()
                    yield keys


def _type(one: Placed) -> str:
    return as_text(one.raw.get("type"))
