"""The flow of the API's tests."""

from tests.api.conftest import flow

__all__ = ["flow"]
