"""The flow and cast of the pages; and no test leaves its language to the next."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.pages.conftest import enter, flow, hx

__all__ = ["enter", "flow", "hx"]


@pytest.fixture(autouse=True)
def _language_left_as_it_was() -> Iterator[None]:
    yield
    translation.activate("en")
