"""A page: a client of the protocol that trusts neither the network nor itself.

It follows the flow as a copy at a version. What it holds already it skips; where something is missing it hangs up and
resumes from what it has. After every greeting it sends all that is not answered, in order.
"""

import json
from copy import deepcopy
from itertools import count

from flows.document import Document, FlowProperties, decode_edge, decode_node
from flows.document.limits import NO_LIMITS
from flows.submission import NOT_REMEMBERED
from tests.hostile.device import Device, Edit, Frame
from tests.hostile.markup import Markup
from tests.hostile.network import Line
from tests.sessions.replica import Replica


class Page:
    """One tab. What is not on its device dies with it."""

    def __init__(self, device: Device) -> None:
        self.device, self.name = device, device.new_name()
        fresh = Markup() if device.format == "html" else Replica()
        self.copy: Replica | Markup = deepcopy(device.last) or fresh
        self.line: Line | None = None
        self.is_greeted = False
        self.wants_canvas = False
        self._seqs = count(1)
        self._part = 0
        device.pages.append(self)

    def die(self) -> None:
        """End without a word; the device may have kept how the flow looked here."""
        self.device.pages.remove(self)
        self.device.last = self.copy

    @property
    def document(self) -> Document:
        """The flow as this page sees it."""
        assert isinstance(self.copy, Replica)
        properties = FlowProperties(self.copy.title, self.copy.description)
        nodes = [decode_node(node, NO_LIMITS) for node in self.copy.nodes.values()]
        return Document(properties, nodes, [decode_edge(edge, NO_LIMITS) for edge in self.copy.edges.values()])

    def connect(self, line: Line) -> None:
        """Say hello with what is held."""
        self.line, self.is_greeted = line, False
        held = {"since": self.copy.version, "epoch": self.copy.epoch or None}
        self._say({"type": "hello", "protocol": 1, "client": self.name, "format": self.device.format, **held})

    def hang_up(self) -> None:
        """Leave the connection; the server may not hear of it."""
        self.line, self.is_greeted, self.wants_canvas = None, False, False

    def ask(self, frame: Frame) -> None:
        """Make an edit, and send it if that is possible now."""
        edit = Edit(self.device.actor, self.name, next(self._seqs), frame)
        self.device.keep(edit)
        if self.is_greeted:
            self._send(edit)

    def take(self, text: str) -> None:
        """Take a frame. What does not fit into the copy fails."""
        frame = json.loads(text)
        match frame["type"]:
            case "welcome":
                self.copy.take(frame)
                self.is_greeted = True
                for edit in self.device.waiting_for(self):
                    self._send(edit)
            case "apply_changes":
                self._take_changes(frame)
            case "snapshot":
                self._take_snapshot(frame)
            case "acked" | "refused" if frame.get("code") not in NOT_REMEMBERED:
                self.device.answered(frame.get("client", self.name), frame)

    def show(self, frame: Frame) -> None:
        """Take the canvas that was fetched."""
        self.wants_canvas = False
        if (self.copy.version or 0) <= frame["version"]:
            self.copy.take({"type": "canvas", **frame})
            self._seen()

    def _take_changes(self, frame: Frame) -> None:
        held = self.copy.version
        if held is not None and frame["version"] <= held:
            return
        if frame["previous"] != held:
            self._heal()
            return
        self.copy.take(frame)
        self._seen()

    def _take_snapshot(self, frame: Frame) -> None:
        if frame["version"] < (self.copy.version or 0):
            return
        if "url" in frame:
            self.wants_canvas = True
            return
        if frame["part"] not in (1, self._part + 1):
            self._heal()
            return
        self._part = frame["part"] % frame["parts"]
        self.copy.take(frame)
        self._seen()

    def _heal(self) -> None:
        self.device.healed += 1
        self._part = 0
        self.hang_up()

    def _seen(self) -> None:
        self._say({"type": "seen", "version": self.copy.version or 0})

    def _send(self, edit: Edit) -> None:
        edit.sent += 1
        named = {} if edit.client == self.name else {"client": edit.client}
        self._say({**edit.frame, "seq": edit.seq, **named})

    def _say(self, frame: Frame) -> None:
        if self.line is not None:
            self.line.say(json.dumps(frame))
