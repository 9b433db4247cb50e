"""The texts of scripts: each name means one."""

import ast
from collections import Counter
from pathlib import Path

import flows.messages


def test_no_name_stands_for_two_texts() -> None:
    tree = ast.parse(Path(flows.messages.__file__).read_text())
    dicts = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    names = Counter(key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant))

    assert [name for name, count in names.items() if count > 1] == []
