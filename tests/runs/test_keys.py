"""Keys of tasks: refused where they are none, or of another run; read back as they were written."""

from uuid import UUID

import pytest

from flows.errors import NotFound
from runs.keys import read_key, run_of, task_key

RUN, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("key", ["", ".", RUN.hex, f"{RUN.hex}.a", f"{OTHER.hex}.a.", f"{RUN}.a."])
def test_what_is_no_key_of_the_run_is_not_found(key: str) -> None:
    with pytest.raises(NotFound):
        read_key(key, RUN)


@pytest.mark.parametrize("key", ["", "..", "x.a."])
def test_a_key_without_a_run_is_not_found(key: str) -> None:
    with pytest.raises(NotFound):
        run_of(key)


@pytest.mark.parametrize("path", ["", "3", "3.0"])
def test_a_key_is_read_as_it_was_written(path: str) -> None:
    key = task_key(RUN, "a", path)

    assert run_of(key) == RUN
    assert read_key(key, RUN) == read_key(key) == ("a", path)
