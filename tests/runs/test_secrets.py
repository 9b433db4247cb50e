"""Secrets: kept encrypted, versioned, shown to nobody, resolved at use and taken out of all that is kept."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from accounts.principals import Person, System
from flows import commands
from flows.errors import NotFound
from flows.models import Flow, Membership
from flows.parsing import parse_flow
from runs.errors import TaskFailure
from runs.models import Secret
from runs.secrets import (
    MASK,
    Secrets,
    delete_secret,
    masked,
    names_of,
    put_secret,
    reseal,
    seal,
    secrets_used_by,
    unseal,
    versions_of,
)
from tests.api.conftest import Program

VALUE = "swordfish-42/+="
Refused = Callable[..., Any]


def keep(flow: Flow, name: str, value: str = VALUE) -> Secret:
    return put_secret(System(), flow.pk, name, value)[0]


def missing(secrets: Secrets, name: str) -> str:
    with pytest.raises(TaskFailure, match="secret_missing") as failed:
        secrets(name)
    return failed.value.message


# who may, and what


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("get", "", None), ("put", "/KEY", {"value": VALUE}), ("delete", "/KEY", None)],
)
def test_owners_alone_have_to_do_with_them(
    method: str,
    path: str,
    body: object,
    flow: Flow,
    as_bob: Program,
    as_vera: Program,
    as_charlie: Program,
    nobody: Program,
    refused: Refused,
) -> None:
    keep(flow, "KEY")
    whole = f"/flows/{flow.pk}/secrets{path}"

    refused(as_bob.call(method, whole, body), 403, "forbidden")
    refused(as_vera.call(method, whole, body), 403, "forbidden")
    refused(as_charlie.call(method, whole, body), 404, "not_found")
    refused(nobody.call(method, whole, body), 401, "not_authenticated")
    assert versions_of(flow.pk, ["KEY"]) == {"KEY": 1}


def test_who_is_no_member_any_more_is_a_stranger(flow: Flow, alice: Any) -> None:
    Membership.objects.filter(flow=flow, user=alice).delete()

    with pytest.raises(NotFound):
        put_secret(Person(alice.pk), flow.pk, "KEY", VALUE)
    assert not Secret.objects.exists()


@pytest.mark.parametrize("name", ["1KEY", "A%20B", "A%2FB", "é", "A" * 65, "-A", "%24x"])
def test_a_name_that_is_none_is_refused(name: str, flow: Flow, as_alice: Program) -> None:
    assert as_alice.put(f"/flows/{flow.pk}/secrets/{name}", {"value": VALUE}).status_code in (404, 422)
    assert not Secret.objects.exists()


@pytest.mark.parametrize("body", [{}, {"value": ""}, {"value": 5}, {"value": "a\0b"}, {"value": "a", "more": 1}])
def test_a_value_that_is_none_is_refused(body: object, flow: Flow, as_alice: Program, refused: Refused) -> None:
    refused(as_alice.put(f"/flows/{flow.pk}/secrets/KEY", body), 422, "invalid")


def test_a_value_may_have_so_many_bytes_and_a_flow_so_many_secrets(
    flow: Flow, as_alice: Program, refused: Refused, settings: Any
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, secret_bytes=8, secrets_per_flow=2)
    path = f"/flows/{flow.pk}/secrets"

    assert as_alice.put(f"{path}/A", {"value": "ä" * 4}).status_code == 201
    refused(as_alice.put(f"{path}/B", {"value": "ä" * 4 + "a"}), 422, "too_large")
    assert as_alice.put(f"{path}/B", {"value": "b"}).status_code == 201
    refused(as_alice.put(f"{path}/C", {"value": "c"}), 422, "limit_reached")
    assert as_alice.put(f"{path}/B", {"value": "again"}).status_code == 200
    assert as_alice.delete(f"{path}/A").status_code == 204
    assert as_alice.put(f"{path}/C", {"value": "c"}).status_code == 201


def test_an_owner_keeps_lists_changes_and_takes_away_and_never_reads(flow: Flow, as_alice: Program) -> None:
    path = f"/flows/{flow.pk}/secrets"

    made = as_alice.put(f"{path}/KEY", {"value": VALUE})
    assert made.status_code == 201
    body = made.json()  # type: ignore[attr-defined]
    assert body == {"name": "KEY", "version": 1, "updated_at": body["updated_at"], "used_by": []}
    assert as_alice.put(f"{path}/KEY", {"value": "other"}).json()["version"] == 2  # type: ignore[attr-defined]
    listed = as_alice.get(path)
    assert [one["name"] for one in listed.json()["items"]] == ["KEY"]  # type: ignore[attr-defined]
    assert b"swordfish" not in made.content + listed.content
    assert as_alice.get(f"{path}/KEY").status_code == 405
    assert as_alice.delete(f"{path}/KEY").status_code == 204
    assert as_alice.delete(f"{path}/KEY").status_code == 404
    assert as_alice.get(path).json() == {"items": []}  # type: ignore[attr-defined]


def test_a_name_that_comes_back_has_a_number_that_was_never_there(flow: Flow) -> None:
    keep(flow, "KEY")
    delete_secret(System(), flow.pk, "KEY")

    assert names_of(flow.pk) == frozenset()
    assert versions_of(flow.pk, ["KEY"]) == {}
    assert keep(flow, "KEY").version == 2


def test_the_list_tells_which_nodes_name_a_secret(alice: Any, as_alice: Program) -> None:
    graph = parse_flow(
        title="Calls",
        nodes=[
            {"id": "a", "kind": "api", "x": 0, "y": 0, "settings": {"auth": "bearer", "secret": "KEY"}},
            {"id": "b", "kind": "api", "x": 0, "y": 0, "settings": {"headers": {"X-Key": {"$secret": "KEY"}}}},
            {"id": "c", "kind": "api", "x": 0, "y": 0, "settings": {"secret": "KEY"}},
            {"id": "d", "kind": "input", "x": 0, "y": 0, "settings": {"default_values": {"$secret": "KEY"}}},
        ],
        edges=[],
    )
    flow = commands.create_flow(Person(alice.pk), graph, via="api")
    keep(flow, "KEY")

    items = as_alice.get(f"/flows/{flow.pk}/secrets").json()["items"]  # type: ignore[attr-defined]

    assert items[0]["used_by"] == ["a", "b"]


def test_a_secret_is_used_only_where_one_is_meant() -> None:
    reference = {"$secret": "A"}

    assert secrets_used_by("api", {"url": reference, "params": {"q": [reference]}}) == {"A"}
    assert secrets_used_by("api", {"auth": "basic", "secret": reference}) == {"A"}
    assert secrets_used_by("sensor", {"secret": "B"}) == {"B"}
    assert secrets_used_by("api", {"body": {"$secret": "A", "more": 1}}) == frozenset()
    for kind in ("agent", "skill", "input", "transform", "memory", "decision"):
        assert secrets_used_by(kind, {"secret": "A", "code": reference, "headers": reference}) == frozenset()


# how they are kept


def test_what_is_kept_opens_for_its_own_row_alone(flow: Flow) -> None:
    one, other = keep(flow, "ONE"), keep(flow, "OTHER", "other")
    old = one.sealed
    newer = keep(flow, "ONE", "newer")

    assert VALUE not in one.sealed
    assert unseal(old, one.sealed_about()) == VALUE
    assert unseal(old, other.sealed_about()) is None
    assert unseal(old, newer.sealed_about()) is None
    assert seal(VALUE, "x") != seal(VALUE, "x")
    assert (seal("", "x"), unseal("", "x")) == ("", "")


@pytest.mark.parametrize("broken", ["s1", "s1.", "s2.00000000.AAAA", "nonsense", "s1.{name}.AAAA", "s1.{name}.ä"])
def test_what_is_broken_opens_nowhere(broken: str) -> None:
    name = seal("x", "x").split(".")[1]

    assert unseal(broken.format(name=name), "x") is None


def test_another_installations_key_opens_nothing_and_an_earlier_one_does(flow: Flow, settings: Any) -> None:
    keep(flow, "KEY")
    was, settings.SECRET_KEY = settings.SECRET_KEY, "another"

    assert "KEY" in missing(Secrets(flow.pk), "KEY")
    settings.SECRET_KEY_FALLBACKS = [was]
    assert Secrets(flow.pk)("KEY") == VALUE


def test_a_key_is_changed_by_a_new_first_line_and_resealing(flow: Flow, settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    keep(flow, "KEY")
    settings.HELIX_SECRETS_KEY_FILE = str(file)

    file.write_text(f"# first key\n{'a' * 32}\n")
    assert Secrets(flow.pk)("KEY") == VALUE
    assert reseal() == (1, 0)
    assert reseal() == (0, 0)
    file.write_text(f"{'b' * 32}\n{'a' * 32}\n")
    call_command("reseal_secrets")
    file.write_text(f"{'b' * 32}\n")
    settings.SECRET_KEY = "another"
    assert Secrets(flow.pk)("KEY") == VALUE
    assert versions_of(flow.pk, ["KEY"]) == {"KEY": 1}
    file.write_text(f"{'c' * 32}\n")
    assert reseal() == (0, 1)


@pytest.mark.parametrize("text", ["", "too short\n", f"{'a' * 32}\nshort\n", None])
def test_a_key_file_that_is_none_stops(text: str | None, settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    if text is not None:
        file.write_text(text)
    settings.HELIX_SECRETS_KEY_FILE = str(file)

    with pytest.raises(ImproperlyConfigured):
        seal("x", "x")


# how they are used


def test_a_name_that_is_not_there_or_another_flows_fails_the_task(flow: Flow, alice: Any) -> None:
    other = commands.create_flow(Person(alice.pk), parse_flow(title="Other", nodes=[], edges=[]), via="api")
    keep(other, "KEY")

    assert "KEY" in missing(Secrets(flow.pk), "KEY")
    assert "KEY" in missing(Secrets(uuid4()), "KEY")


def test_what_was_given_is_taken_out_of_all_that_is_kept(flow: Flow) -> None:
    keep(flow, "KEY")
    keep(flow, "LOGIN", "vera:pa55word!")
    keep(flow, "UNUSED", "never asked for")
    secrets = Secrets(flow.pk)
    secrets("KEY"), secrets("LOGIN")

    answer: Any = {
        "echo": f"token={VALUE}",
        f"k-{VALUE}": [1, None, True],
        "url": "https://x/?k=swordfish-42%2F%2B%3D",
        "basic": "dmVyYTpwYTU1d29yZCE=",
        "said": "password is pa55word!",
        "other": "never asked for",
    }

    assert secrets.mask(answer) == {
        "echo": f"token={MASK}",
        f"k-{MASK}": [1, None, True],
        "url": f"https://x/?k={MASK}",
        "basic": MASK,
        "said": f"password is {MASK}",
        "other": "never asked for",
    }
    assert secrets.mask_text(f"refused: {VALUE}") == f"refused: {MASK}"


def test_lines_of_a_long_secret_and_its_json_are_taken_out_and_short_ones_are_no_secrets() -> None:
    key = '-----BEGIN KEY-----\nMIIBVgIBADANBgkq"quoted"\n-----END KEY-----\n'

    assert masked('MIIBVgIBADANBgkq"quoted"', [key]) == MASK
    assert masked(json.dumps({"a": key}), [key]) == f'{{"a": "{MASK}"}}'
    assert masked("a cat", ["a"]) == "a cat"
    assert masked({"untouched": 1}, []) == {"untouched": 1}


@pytest.mark.parametrize("username", ["", "v", "ve", "ver", "vera"])
@pytest.mark.parametrize("rest", ["", ".", "..", "..."])
def test_no_base64_with_a_secret_in_it_shows_more_than_its_neighbours(username: str, rest: str) -> None:
    secret = "swordfish>?42"
    raw = f"{username}:{secret}{rest}".encode()

    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        kept = str(masked(f"Basic {encoded.decode()}", [secret]))
        assert MASK in kept
        assert len(kept) <= len(f"Basic {MASK}") + len(encoded) - 4 * len(secret) // 3 + 2


def test_a_secret_of_digits_is_taken_out_as_a_number_too() -> None:
    assert masked({"pin": 47114711, "more": [471147110, 4.5, True]}, ["47114711"]) == {
        "pin": MASK,
        "more": [471147110, 4.5, True],
    }
    assert masked([1234.5, True], ["1234.5", "True"]) == [MASK, True]


@pytest.mark.parametrize(
    "written",
    [
        "p%40ss%2fw%c3%b6rd%2b%22%27%26%3c%3e",
        "p%40ss/w%c3%b6rd%2b%22%27%26%3c%3e",
        "p@ss/w\\u00f6rd+\\\"'\\u0026\\u003c\\u003e",
        "p@ss/w\\u00f6rd\\u002B\\u0022\\u0027\\u0026\\u003C\\u003E",
        "p@ss/wörd+&#34;&#39;&amp;&lt;&gt;",
    ],
)
def test_a_secret_is_taken_out_however_servers_write_it(written: str) -> None:
    """Addresses of .NET, JSON of Go and of .NET, and the HTML of Jinja."""
    assert masked(f"no: {written}!", ["p@ss/wörd+\"'&<>"]) == f"no: {MASK}!"


def test_a_secret_is_taken_out_of_html_and_of_json_that_spells_slashes() -> None:
    secret = 'a/"b"&<c>'

    assert masked(html.escape(secret), [secret]) == MASK
    assert masked(json.dumps(secret).replace("/", "\\/"), [secret]) == f'"{MASK}"'
