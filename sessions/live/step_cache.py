"""The last steps of a flow, in memory, for those who come back after a short absence.

Bounded in bytes, because a person decides how long an element is. What is forgotten here is read back from the log.
"""

from collections import deque

from flows.rendering.fragment_cache import weight
from sessions.live.steps import Step, joined

ELEMENT_BYTES = 500
"""About what an element or a version takes beside the text in it."""


class Recent:
    """Steps that follow each other, as far back as `versions` and about `room` bytes allow."""

    def __init__(self, versions: int, room: int) -> None:
        self._versions, self._room = versions, room
        self._steps: deque[tuple[Step, int]] = deque()
        self.size = 0

    def add(self, step: Step) -> None:
        """Keep a step that follows the last one."""
        self._steps.append((step, size_of(step)))
        self.size += self._steps[-1][1]
        while self._steps and (self.size > self._room or step.version - self._steps[0][0].previous > self._versions):
            self.size -= self._steps.popleft()[1]

    def since(self, version: int) -> Step | None:
        """Return everything after `version` as one step, or None if that is not known here."""
        later = [step for step, _size in self._steps if step.previous >= version]
        return joined(later) if later and later[0].previous == version else None


def size_of(step: Step) -> int:
    """Return about how many bytes a step holds. What two steps share counts twice: one begins where one ends."""
    effect = step.effect
    elements: list[object] = [one for pair in effect.nodes.values() for one in (pair.before, pair.after)]
    elements += [one for pair in effect.edges.values() for one in (pair.before, pair.after)]
    text = sum(map(weight, elements))
    if effect.flow is not None:
        text += sum(len(one.title) + len(one.description) for one in (effect.flow.before, effect.flow.after) if one)
    return (len(step.changes) + len(elements) // 2) * ELEMENT_BYTES + text
