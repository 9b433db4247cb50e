"""`helix flows`: list, show, create, import, export, apply, validate and watch flows.

Exit codes: 0, 1 for a problem that was found or a refusal, 2 for a wrong use.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

import typer

from helix.commands.output import command, plain, say, short, show, show_json, tell_report, working
from helix.process import DataDir

if TYPE_CHECKING:
    from flows.interchange.applying import Difference
    from helix.commands.api import Api

flows = typer.Typer(no_args_is_help=True, help="Work with flows, on a server or on this machine.")
Url = Annotated[str | None, typer.Option("--url", help="A server's address, else HELIX_URL.", show_default=False)]
Token = Annotated[
    str | None,
    typer.Option("--token", help="An access token, else HELIX_TOKEN.", envvar="HELIX_TOKEN", show_envvar=False),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="EMAIL", help="On this machine: in whose name.", show_default="the only superuser or account"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Flow = Annotated[str, typer.Argument(help="The flow's id, the beginning of it, or its exact title.")]
Files = Annotated[list[str], typer.Argument(help="Files; - is standard input.", metavar="FILE...")]
USAGE = 2
BINARY = ("png", "pdf")
SEVERITY_COLOURS = {"error": "red", "warning": "yellow", "hint": "blue"}


def _api(url: str | None, token: str | None, data_dir: Path | None, person: str | None) -> "Api":
    """Return the API that the options name: a server's by --url, else this machine's by --data-dir, else HELIX_URL."""
    from helix.commands.api import CommandError, over_network
    from helix.commands.local import on_this_machine

    if url and (data_dir or person):
        raise CommandError("Give either --url or --data-dir and --as.", status=USAGE)
    address = url or ("" if data_dir or person else os.environ.get("HELIX_URL", ""))
    if address:
        return over_network(address, token or "")
    with working("Opening the data folder"):
        return on_this_machine(data_dir, person)


@flows.command("list")
@command
def list_flows(
    *, url: Url = None, token: Token = None, data_dir: DataDir = None, person: As = None, as_json: AsJson = False
) -> None:
    """List your flows, the last changed first."""
    found = list(_api(url, token, data_dir, person).flows())
    if as_json:
        show_json({"items": found, "count": len(found)})
        return
    for flow in found:
        show(f"{flow['id']}  {flow['role']:<9}  {flow['nodes']:>5} nodes  {flow['title']}")


@flows.command("show")
@command
def show_flow(
    flow: Flow,
    *,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Show a flow: what it is made of and how it is connected."""
    from helix.commands.api import path_of

    api = _api(url, token, data_dir, person)
    found = api.json("GET", path_of(api.find(flow)))
    if as_json:
        show_json(found)
        return
    show(found["title"], bold=True)
    show(f"{found['id']}, version {found['version']}, you are {found['role']}")
    for line in found["description"].splitlines():
        show(line)
    labels = {node["id"]: node["label"] or node["id"] for node in found["nodes"]}
    for node in found["nodes"]:
        show(f"  {node['kind']:<10} {labels[node['id']]} [{node['id']}]")
    for edge in found["edges"]:
        label = f" ({edge['label']})" if edge["label"] else ""
        show(f"  {labels[edge['source']]} → {labels[edge['target']]}{label} [{edge['id']}]")


@flows.command("create")
@command
def create_flow(
    title: Annotated[str, typer.Argument(help="The new flow's title.")],
    *,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Create an empty flow and print its id."""
    api = _api(url, token, data_dir, person)
    made = api.json("POST", "/flows", json={"title": title, "description": description})
    show_json(made) if as_json else show(made["id"])


@flows.command("import")
@command
def import_files(
    files: Files,
    *,
    format: Annotated[str, typer.Option("--format", help="The files' format; auto finds it out.")] = "auto",
    into: Annotated[
        str | None, typer.Option(metavar="FLOW", help="Add them to this flow, beside what is there.")
    ] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a flow of each file, or add it to one. A file that cannot be read stops no other."""
    from helix.commands.api import CommandError, path_of
    from helix.commands.files import read

    api = _api(url, token, data_dir, person)
    target = api.find(into) if into else None
    results: list[dict[str, Any]] = []
    for number, name in enumerate(files, 1):
        try:
            with working(f"Importing {name} ({number} of {len(files)})"):
                query = {"format": format} | ({} if target else {"title": Path(name).stem.strip("-")})
                path = path_of(target, "import") if target else "/flows/import"
                answer = api.json("POST", path, content=read(name), params=query)
        except CommandError as error:
            say(f"{name}: {error.message}")
            results.append({"file": name, "error": {"code": error.code, "message": error.message}})
            continue
        flow = {key: answer["flow"][key] for key in ("id", "title", "version")}
        results.append({"file": name, "flow": flow, "report": answer["report"]})
        if not as_json:
            show(f"{flow['id']}  {flow['title']}")
            tell_report(name, answer["report"])
    if as_json:
        show_json({"items": results})
    if any("error" in one for one in results):
        raise typer.Exit(1)


@flows.command("export")
@command
def export_flow(
    flow: Flow,
    *,
    format: Annotated[
        str | None,
        typer.Option("--format", help="json, yaml, mermaid, dot, drawio, reactflow, n8n, nodered, svg, png, pdf."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write; else standard output.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="As it was at this version.")] = None,
    theme: Annotated[str, typer.Option(help="Of a picture: light or dark.")] = "light",
    scale: Annotated[int, typer.Option(min=1, max=4, help="Of a picture in pixels.")] = 1,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Write a flow as a file. Without --format, the ending of -o says which; else it is YAML."""
    import orjson

    from helix.commands.api import CommandError, path_of
    from helix.commands.files import write

    wanted = format or _format_of(output)
    if output is None and (as_json or (wanted in BINARY and sys.stdout.isatty())):
        raise CommandError("Say where to write it with -o FILE.", status=USAGE)
    api = _api(url, token, data_dir, person)
    query = {"format": wanted, "theme": theme, "scale": scale} | ({"version": version} if version else {})
    with working(f"Exporting {flow}"):
        answer = api.call("GET", path_of(api.find(flow), "export"), params=query)
    report = orjson.loads(unquote(answer.headers.get("X-Helix-Report", "{}")))
    if output is None:
        sys.stdout.buffer.write(answer.content)
        sys.stdout.buffer.flush()
    else:
        write(output, answer.content)
    if as_json:
        show_json({"file": str(output), "format": wanted, "bytes": len(answer.content), "report": report})
    else:
        tell_report(str(output or flow), report)


@flows.command("apply")
@command
def apply_file(
    file: Annotated[str, typer.Argument(help="YAML or JSON as export writes it; - is standard input.")],
    *,
    flow: Annotated[str | None, typer.Option("--flow", metavar="FLOW", help="The flow, else the file's id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Bring a flow to the state of a file, after showing the difference; without an id, create it and write its id.

    Where somebody changed the flow meanwhile, nothing is written, and the new difference is shown.
    """
    from helix.commands import applying
    from helix.commands.api import CommandError

    if not yes and (as_json or file == "-" or not sys.stdin.isatty()):
        raise CommandError("Nobody can be asked here: give --yes.", status=USAGE)
    api = _api(url, token, data_dir, person)
    declined = False

    def is_agreed(found: "list[Difference]") -> bool:
        nonlocal declined
        if not as_json:
            applying.show_differences(found)
        declined = not (yes or typer.confirm("Apply this?"))
        return not declined

    try:
        applied = applying.apply_file(api, file, flow, is_agreed=is_agreed)
    except CommandError as error:
        if error.code == "version_conflict":
            say("Somebody changed the flow meanwhile, so nothing was written. It would be now:")
            applying.apply_file(api, file, flow, is_agreed=lambda found: _shown(found, as_json))
        raise
    if declined:
        raise typer.Exit(1)
    if as_json:
        show_json(applied.encoded())
    elif applied.created:
        show(f"Created {applied.id}; its id is in {file} now.")
    elif applied.differences:
        show(f"Applied as version {applied.version}.")
    else:
        show(f"Nothing to change: the flow is as the file says, at version {applied.version}.")


@flows.command("validate")
@command
def validate_files(
    files: Files,
    *,
    format: Annotated[str, typer.Option("--format", help="The files' format; auto finds it out.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Tell what is wrong with files of any format, without a server; exit 1 if one cannot be read or has errors."""
    from helix.commands.files import judge

    judged = []
    for number, name in enumerate(files, 1):
        with working(f"Judging {name} ({number} of {len(files)})"):
            judged.append(judge(name, format))
    if as_json:
        show_json({"items": judged})
    else:
        for one in judged:
            _show_judged(one)
    if any("error" in one or one["counts"]["error"] for one in judged):
        raise typer.Exit(1)


@flows.command("watch")
@command
def watch_flow(
    flow: Flow,
    *,
    since: Annotated[int | None, typer.Option(min=0, help="Begin after this version, else after now.")] = None,
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
    person: As = None,
    as_json: AsJson = False,
) -> None:
    """Print changes as they are made, until Ctrl+C; with --json a line of JSON for each."""
    import orjson

    from helix.commands.watching import changes

    api = _api(url, token, data_dir, person)
    for change in changes(api, api.find(flow), since):
        if as_json:
            typer.echo(orjson.dumps(change).decode())
        else:
            actor = change["actor"]["name"] if change["actor"] else "the server"
            show(f"{change['created_at']}  version {change['version']}  {actor}: {_in_words(change['operation'])}")
        sys.stdout.flush()


def _format_of(output: Path | None) -> str:
    from flows.interchange.formats import FORMATS

    ending = output.suffix.removeprefix(".").lower() if output else ""
    endings = {"yml": "yaml", "gv": "dot", "mermaid": "mermaid"}
    found = [name for name, format in FORMATS.items() if format.ending == ending]
    return found[0] if found else endings.get(ending, "yaml")


def _shown(found: "list[Difference]", as_json: bool) -> bool:
    from helix.commands.applying import encoded, show_differences

    show_json({"differences": [encoded(one) for one in found]}) if as_json else show_differences(found)
    return False


def _show_judged(judged: dict[str, Any]) -> None:
    name = judged["file"]
    if "error" in judged:
        error = judged["error"]
        place = "".join(f":{error[part]}" for part in ("line", "column") if part in error)
        show(f"{name}{place}: error: {error['message']}", fg="red")
        return
    tell_report(name, judged["report"])
    for item in judged["items"]:
        where = item.get("node") or item.get("edge") or ""
        show(
            f"{name}: {item['severity']} {item['code']}{' ' + where if where else ''}: {item['message']}",
            fg=SEVERITY_COLOURS[item["severity"]],
        )


def _in_words(operation: dict[str, Any]) -> str:
    """Say what an operation does, with what it is about."""
    kind = operation["kind"]
    if "operations" in operation:
        return plain(f"{len(operation['operations'])} operations at once")
    held = operation.get("node") or operation.get("edge") or {}
    name = held.get("label") or held.get("id") or operation.get("id", "")
    changed = short(operation["set"]) if "set" in operation else ""
    return plain(" ".join(part for part in (kind.replace("_", " "), name, changed) if part))
