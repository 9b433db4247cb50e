"""Both ways of the commands: against a real server, and on its data folder while it runs."""

import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.forked import run
from tests.programs import Programs
from tests.servers import Server, clean_environment

Result = subprocess.CompletedProcess[str]


@dataclass
class Helix:
    """Runs `helix flows …` as somebody would, with options or variables that say where."""

    folder: Path
    options: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, entered: str = "", where: bool = True) -> Result:
        """Run a command and return what became of it."""
        environment = clean_environment(**self.variables if where else {})
        given = ["flows", *arguments, *(self.options if where else [])]
        return run("helix.cli", *given, environment=environment, folder=self.folder, entered=entered)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with `--json` and return what it prints."""
        result = self.run(*arguments, "--json")
        assert result.returncode == status, result
        return orjson.loads(result.stdout)

    def write(self, text: str, name: str = "") -> str:
        """Write a file and return its name."""
        name = name or f"{secrets.token_hex(4)}.yaml"
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
def programs(server: Server) -> Programs:
    return Programs(server)


@pytest.fixture
def remote(server: Server, programs: Programs, tmp_path: Path) -> Helix:
    """The commands against the server, by variables."""
    return Helix(tmp_path, variables={"HELIX_URL": server.url, "HELIX_TOKEN": programs.owner})


@pytest.fixture
def local(server: Server, programs: Programs, tmp_path: Path) -> Helix:
    """The commands on the data folder of the server, which runs meanwhile, in the name of the same person."""
    programs.owner = programs.account()
    programs.flow = programs.call(programs.owner, "POST", "/flows", {"title": "Shared"})["id"]
    return Helix(tmp_path, ["--data-dir", str(server.data_dir), "--as", programs.email])


@pytest.fixture(params=["remote", "local"])
def helix(request: pytest.FixtureRequest) -> Helix:
    """Either way."""
    found: Helix = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def read(programs: Programs) -> Callable[[str], Any]:
    """Read a flow from the server."""
    return lambda flow: programs.call(programs.owner, "GET", f"/flows/{flow}")
