"""The kind `loop`: which iterations there are, and whether another begins. Pure; the planner opens them.

`for_each` and `times` know their iterations from the start; `while` and `until` ask before or after each. A bound that
is reached is a failure, never a shorter result. The loop's output is the list of its results, in input order.
"""

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.texts import Names, evaluated, text_setting, whole_setting
from runs.plan import Step
from web.deferred_translation import kept as _

MAX_ITERATIONS = 100
KNOWN = frozenset({"for_each", "times"})


def loop_type(step: Step) -> str:
    """Return "for_each", "times", "while" or "until"."""
    return text_setting(step.settings, "type", "for_each")


def iterations(step: Step, names: Names, prev: Json) -> list[Json] | None:
    """Return the item of each iteration, in order; None where each iteration decides about the next.

    `for_each` gives the items, or with a `batch_size` above 1 lists of so many; without `iterate_over` those of the
    list that came in. `times` gives null so many times. Raises `TaskFailure` ("expression",
    "too_many_iterations", "limit_reached").
    """
    match loop_type(step):
        case "for_each":
            return _batches(step, _items(step, names, prev))
        case "times":
            return [None] * _count(step, names)
        case _:
            return None


def item_of(step: Step, items: list[Json] | None, index: int, previous: Json) -> Json:
    """Return what `item` and the first `prev` are in an iteration; `previous` is the result before it, or null."""
    return items[index] if items is not None and loop_type(step) == "for_each" else previous


def goes_on(step: Step, names: Names, *, index: int, previous: Json, item: Json = None) -> bool:
    """Tell whether iteration `index` of a `while` or `until` begins; `previous` is the result of the one before.

    `item` is what the iteration before saw as its own. Raises `TaskFailure` ("expression", "too_many_iterations").
    """
    if loop_type(step) == "until":
        begins = index == 0 or not _holds(step, "break_condition", names, prev=previous, item=item, index=index - 1)
    elif text_setting(step.settings, "iterate_over"):
        begins = _holds(step, "iterate_over", names, prev=previous, item=previous, index=index)
    else:
        begins = not _holds(step, "break_condition", names, prev=previous, item=previous, index=index)
    if begins and index >= most_iterations(step):
        raise _too_many(step)
    return begins


def most_iterations(step: Step) -> int:
    """Return how many iterations a `while`, `until` or `times` may have."""
    return whole_setting(step.settings, "max_iterations", MAX_ITERATIONS)


def _holds(step: Step, setting: str, names: Names, **own: Json) -> bool:
    text = text_setting(step.settings, setting)
    if not text:
        raise TaskFailure("expression", _("The loop has no condition."))
    return bool(evaluated(text, {**names, **own}))


def _items(step: Step, names: Names, prev: Json) -> list[Json]:
    text = text_setting(step.settings, "iterate_over")
    found = evaluated(text, names) if text else prev
    if not isinstance(found, list):
        raise TaskFailure("expression", _("“Iterate over” gives no list."))
    return found


def _batches(step: Step, items: list[Json]) -> list[Json]:
    size = max(1, whole_setting(step.settings, "batch_size", 1))
    if size == 1:
        return items
    return [items[start : start + size] for start in range(0, len(items), size)]


def _count(step: Step, names: Names) -> int:
    text = text_setting(step.settings, "iterate_over")
    if not text:
        return _possible(most_iterations(step))
    found = evaluated(text, names)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != int(found) or found < 0:
        raise TaskFailure("expression", _("“Iterate over” gives no number of times."))
    if found > most_iterations(step):
        raise _too_many(step)
    return _possible(int(found))


def _possible(count: int) -> int:
    """Return a number of iterations that a run has room for. Raises `TaskFailure` ("limit_reached")."""
    most = limits.current().tasks_per_run
    if count > most:
        raise TaskFailure("limit_reached", _("A run has at most %(most)d tasks.") % {"most": most})
    return count


def _too_many(step: Step) -> TaskFailure:
    sentence = _("The loop would go on after %(most)s iterations, its most.")
    return TaskFailure("too_many_iterations", sentence % {"most": most_iterations(step)})
