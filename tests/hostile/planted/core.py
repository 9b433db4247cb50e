"""Defects of the product's pure core: rules, undo, rendering."""

from dataclasses import replace
from typing import Any

from pytest import MonkeyPatch

from flows.document import Effect, OwnChange, PastVersion, RemoveNode, pair_of
from flows.document.undo.compensation import Compensation
from flows.rendering import changes
from tests.hostile.model import turn


def dangling_edge_kept(patch: MonkeyPatch) -> None:
    """A node goes and its edges stay."""
    real = RemoveNode.apply

    def apply(*given: Any) -> Any:
        applied = real(*given)
        return replace(applied, effect=Effect(applied.effect.nodes), inverse=applied.inverse[:1])

    patch.setattr(RemoveNode, "apply", apply)


def undo_takes_back_somebody_elses_step(patch: MonkeyPatch) -> None:
    """The last step is undone, whoever made it."""
    real = turn.Turn._own

    def everybodys(self: turn.Turn, _: int) -> list[OwnChange]:
        changes = [change for actor in (1, 2, 3) for change in real(self, actor)]
        return sorted(changes, key=lambda change: change.version, reverse=True)

    patch.setattr(turn.Turn, "_own", everybodys)


def undo_overlooks_who_wrote_in_between(patch: MonkeyPatch) -> None:
    """What others have written since, to the value that it had before, counts for nothing."""
    real = turn.selective_undo

    def selective_undo(graph: Any, past: Any, steps: Any, actor: int, limits: Any) -> Any:
        return real(graph, [PastVersion(one.version, actor, one.inverse) for one in past], steps, actor, limits)

    patch.setattr(turn, "selective_undo", selective_undo)


def undo_forgets_a_property(patch: MonkeyPatch) -> None:
    """Labels are not brought back."""
    real = Compensation.__init__

    def shortened(self: Compensation, graph: Any, wish: Any, others: Any) -> None:
        nodes = {id: unlabelled(pair) for id, pair in wish.nodes.items()}
        real(self, graph, replace(wish, nodes={id: pair for id, pair in nodes.items() if pair}), others)

    def unlabelled(pair: Any) -> Any:
        if pair.before is None or pair.after is None:
            return pair
        return pair_of(pair.before, replace(pair.after, label=pair.before.label))

    patch.setattr(Compensation, "__init__", shortened)


def group_not_counted_again(patch: MonkeyPatch) -> None:
    """A group whose members changed is not rendered again."""
    real = changes._nodes_now

    def nodes_now(ids: Any, graph: Any) -> Any:
        return real(ids if isinstance(ids, list) else (), graph)

    patch.setattr(changes, "_nodes_now", nodes_now)
