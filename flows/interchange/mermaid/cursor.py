"""A place in a flowchart's text, and the labels that begin there.

A label without quotes may hold brackets that close again; Mermaid refuses them, so they are told as slips. One that
does not close is an error where it begins.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.mermaid.chart import Label
from flows.interchange.text import unreadable

_SPACES = re.compile(r"\s*")
_BLANKS = re.compile(r"[ \t]*")
_SPECIAL = re.compile(r'[\[\](){}|"\n]')
_CLOSES = {")": "(", "]": "[", "}": "{"}
_HALF_ENDS: Mapping[str, re.Pattern[str]] = {
    "plain": re.compile(r"(?:(?<=\s)[xo<])?--+(?P<head>[-xo>])\s*+"),
    "thick": re.compile(r"(?:(?<=\s)[xo<])?==+(?P<head>[=xo>])\s*"),
    "dotted": re.compile(r"(?:(?<=\s)[xo<])?-?(?<!\.)\.++-(?P<head>[xo>]?)\s*"),
}
_SHOWN = re.compile(r"\S{1,20}|.", re.DOTALL)


class Cursor:
    """Where reading has come to."""

    def __init__(self, text: str, position: int, budget: Budget) -> None:
        self.text = text
        self.position = position
        self._budget = budget

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.text)

    def peek(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return what matches here."""
        return pattern.match(self.text, self.position)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return what matches here, and go behind it."""
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind what matches here."""
        self.take(pattern)

    def skip_mark(self, mark: str) -> bool:
        """Go behind a mark; tell whether it was there."""
        if not self.text.startswith(mark, self.position):
            return False
        self.position += len(mark)
        return True

    def unexpected(self) -> UnreadableError:
        """Return the error for what stands here."""
        self.skip(_BLANKS)
        shown = self.peek(_SHOWN)
        if shown is None:
            return unreadable(_("The file ends too early."), self.text, self.position)
        return unreadable(_("“%(text)s” is not expected here.") % {"text": shown[0]}, self.text, self.position)

    def quoted(self) -> Label:
        """Read a label in quotes; one in backticks as well is Markdown."""
        start = self.position
        is_markdown = self.text.startswith('"`', start)
        begin = start + 1 + is_markdown
        end = self.text.find('`"' if is_markdown else '"', begin)
        if end < 0:
            raise unreadable(_("The quoted text does not end."), self.text, start)
        self.position = end + 1 + is_markdown
        return Label(self.text[begin:end], is_markdown)

    def label(self, closes: Mapping[str, str]) -> tuple[Label, str, bool]:
        """Read a label to one of its closes; return it, the close, and whether Mermaid would refuse it."""
        start = self.position
        self.skip(_SPACES)
        if not self.text.startswith('"', self.position):
            self.position = start
            return self._unquoted(closes)
        label = self.quoted()
        self.skip(_SPACES)
        for close in closes:
            if self.skip_mark(close):
                return label, close, False
        raise self.unexpected()

    def _unquoted(self, closes: Mapping[str, str]) -> tuple[Label, str, bool]:
        start, open_brackets, has_slips = self.position, list[str](), False
        for special in _SPECIAL.finditer(self.text, start):
            self._budget.step()
            mark, place = special[0], special.start()
            if not open_brackets:
                for close in closes:
                    begin = place if close[0] == mark else place - 1
                    if begin >= start and self.text.startswith(close, begin):
                        self.position = begin + len(close)
                        return Label(self.text[start:begin]), close, has_slips
            elif mark == "\n" or (mark in _CLOSES and open_brackets.pop() != _CLOSES[mark]):
                break
            elif mark in _CLOSES:
                continue
            if mark in _CLOSES:
                break
            if mark in "([{":
                open_brackets.append(mark)
            has_slips = has_slips or mark != "\n"
        raise unreadable(_("The label does not end."), self.text, start)

    def half_label(self, line: str) -> tuple[Label, str]:
        """Read the text and the second half of a link; return its label and head."""
        start, end = self.position, _HALF_ENDS[line]
        if self.text.startswith('"', start):
            label = self.quoted()
            self.skip(_SPACES)
            found = self.take(end)
            if found is None:
                raise self.unexpected()
            return label, found["head"].strip("-=")
        found = end.search(self.text, start)
        if found is None:
            raise unreadable(_("The link does not end."), self.text, start)
        self.position = found.end()
        return Label(self.text[start : found.start()]), found["head"].strip("-=")
