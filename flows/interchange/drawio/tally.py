"""What is true of many cells, told once with their number and the first of them."""

from dataclasses import dataclass, field

from django.utils.translation import gettext

from flows.interchange.report import Report, What


@dataclass(slots=True)
class Tally:
    """Sentences are given untranslated, by `gettext_noop`: a file has thousands of cells, and few sentences."""

    found: dict[tuple[bool, What, str], tuple[str, int]] = field(default_factory=dict)

    def approximate(self, what: What, where: str, why: str) -> None:
        """Count something that is kept, but not as it was."""
        self._add(False, what, where, why)

    def drop(self, what: What, where: str, why: str, count: int = 1) -> None:
        """Count something that is not kept."""
        self._add(True, what, where, why, count)

    def tell(self, report: Report) -> None:
        """Put all that was counted into the report."""
        for (is_lost, what, why), (where, count) in self.found.items():
            (report.drop if is_lost else report.approximate)(what, where, gettext(why), count)

    def _add(self, is_lost: bool, what: What, where: str, why: str, count: int = 1) -> None:
        first, before = self.found.get((is_lost, what, why), (where[:80], 0))
        self.found[is_lost, what, why] = first, before + count
