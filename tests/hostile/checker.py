"""The invariants (`violation` names them), asked of everything that can be seen, after every step.

Nothing is taken from the server but its evidence.
"""

from collections.abc import Iterable

from flows.document import encode_edge, encode_node
from tests.hostile.answers import Answers
from tests.hostile.device import Device, Frame
from tests.hostile.evidence import Evidence, Held
from tests.hostile.markup import Markup, elements
from tests.hostile.page import Page
from tests.hostile.story import Story
from tests.hostile.violation import expect

REMEMBERED = 50


class Checker:
    """What was proven so far."""

    def __init__(self) -> None:
        self.story = Story()
        self._answers = Answers(self.story)
        self._graphs: dict[int, Frame] = {}
        self._markup: dict[int, dict[tuple[str, str], str]] = {}

    @property
    def head(self) -> int:
        """The last version that was looked at."""
        return self.story.head

    def check(self, evidence: Evidence, devices: Iterable[Device]) -> None:
        """Look at everything. Raises `Violation`."""
        self.story.follow(evidence.log)
        for held in evidence.held:
            self._check_held(held)
        for device in devices:
            for page in device.pages:
                self._check_page(page)
            for heard in device.take_heard():
                self._answers.check(heard, evidence)
        self._answers.check_refused()

    def check_healed(self, evidence: Evidence, devices: Iterable[Device]) -> None:
        """Look whether everything came to its end. Raises `Violation`."""
        self.check(evidence, devices)
        for device in devices:
            for edit in device.made:
                expect(edit.answer is not None, "I6", f"{edit.name} was never answered: {edit.frame}")
            for page in device.pages:
                expect(page.copy.version == self.head, "I6", f"{page.name} is at {page.copy.version}, not {self.head}")
        for held in evidence.held:
            current = held.version == self.head or held.who.startswith("snapshot")
            expect(current, "I6", f"{held.who} is at {held.version}, not {self.head}")

    def _check_held(self, held: Held) -> None:
        expect(0 < held.version <= self.head, "I1", f"{held.who} is at {held.version}, the log at {self.head}")
        expect(held.digest == self.story.log[held.version - 1].digest, "I1", f"{held.who}: digest of {held.version}")
        same = held.document == self.story.documents[held.version]
        expect(same, "I1", f"{held.who} is not the fold of the log at {held.version}")

    def _check_page(self, page: Page) -> None:
        copy, version = page.copy, page.copy.version
        if version is None:
            return
        expect(0 < version <= self.head, "I3", f"{page.name} is at {version}, the log at {self.head}")
        expect(copy.digest == self.story.log[version - 1].digest, "I3", f"{page.name}: digest of {version}")
        if isinstance(copy, Markup):
            other = sorted(copy.elements.items() ^ self._rendered(version).items())
            expect(not other, "I7", f"{page.name} is not version {version}: {other}")
        else:
            expect(copy.graph() == self._graph(version), "I3", f"{page.name} does not hold version {version}")

    def _graph(self, version: int) -> Frame:
        if version not in self._graphs:
            document = self.story.documents[version]
            self._graphs = dict(list(self._graphs.items())[-REMEMBERED:])
            self._graphs[version] = {
                "title": document.properties.title,
                "description": document.properties.description,
                "nodes": {node.id: encode_node(node) for node in document.nodes()},
                "edges": {edge.id: encode_edge(edge) for edge in document.edges()},
            }
        return self._graphs[version]

    def _rendered(self, version: int) -> dict[tuple[str, str], str]:
        from flows.rendering import whole

        if version not in self._markup:
            self._markup = dict(list(self._markup.items())[-REMEMBERED:])
            self._markup[version] = elements(whole(self.story.documents[version]).decode())
        return self._markup[version]
