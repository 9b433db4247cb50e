"""Personal tokens: made, shown once, listed and revoked. A token may be for one flow only, which its maker must see."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, Field, WithJsonSchema

from accounts.authentication import person, principal
from accounts.models import PersonalToken
from accounts.personal_tokens import create_token, revoke_token, tokens_of
from accounts.principals import Scope
from accounts.proofs import is_fresh, prove_again
from accounts.schemas import Code, Password, name, storable
from flows.access import get_flow_for
from flows.api.answers import json
from web.errors import In, Problem, answers
from web.router import Router, door
from web.row_ids import RowId

router = Router(tags=["tokens"])
LONGEST_LIFE = 10 * 366 * 86_400
"""Seconds."""


def _scopes(given: list[Any]) -> list[Scope]:
    known = {scope.value: scope for scope in Scope}
    if not all(isinstance(one, str) and one in known for one in given):
        raise ValueError(f"must be some of {', '.join(known)}")
    return [known[one] for one in dict.fromkeys(given)]


class NewTokenIn(In):
    """`flow` makes it good for one flow only; `expires_in` is in seconds, without it the token does not expire.

    After the first hour of a login it takes the `password` again, or the `code` of who has a second factor with it.
    """

    name: Annotated[str, Field(min_length=1, max_length=150), AfterValidator(storable), AfterValidator(name)]
    scopes: Annotated[
        list[Any],
        Field(min_length=1, max_length=10),
        AfterValidator(_scopes),
        WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": "string", "enum": [*map(str, Scope)]}}),
    ]
    expires_in: Annotated[int, Field(ge=1, le=LONGEST_LIFE)] | None = None
    flow: Annotated[UUID, Field(strict=False)] | None = None
    password: Password | None = None
    code: Code | None = None


class TokenItem(Schema):
    id: int
    name: str
    scopes: list[str]
    flow: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewTokenOut(TokenItem):
    """`token` is the secret, shown this once."""

    token: str


class TokensOut(Schema):
    items: list[TokenItem]


@router.get("/tokens", **answers({200: TokensOut}, "forbidden"))
@door(scope="admin")
def list_tokens(request: HttpRequest) -> HttpResponse:
    """List the caller's personal tokens that were not revoked, the newest first."""
    return json({"items": [_item(one) for one in tokens_of(principal(request).user_id)]})


@router.post(
    "/tokens",
    **answers(
        {201: NewTokenOut},
        *("forbidden", "not_found", "second_factor_required"),
        *("too_large", "invalid", "limit_reached", "rate_limited"),
    ),
)
@door(scope="admin")
def make_token(request: HttpRequest, payload: NewTokenIn) -> HttpResponse:
    """Make a token for a program. Its secret is in this answer and nowhere else."""
    caller, user = principal(request), person(request)
    if not is_fresh(request, user, caller):
        if payload.password is None:
            raise Problem("forbidden", _("Your login is older than an hour: send your `password` again."))
        prove_again(user, payload.password, payload.code)
    flow_id = None if payload.flow is None else get_flow_for(caller, payload.flow).flow.pk
    token, secret = create_token(
        caller, name=payload.name, scopes=payload.scopes, expires_in=payload.expires_in, flow_id=flow_id
    )
    return json(_item(token) | {"token": secret}, 201)


@router.delete("/tokens/{token_id}", **answers({204: None}, "forbidden", "not_found"))
def end_token(request: HttpRequest, token_id: RowId) -> HttpResponse:
    """Revoke a token: it stops working at once."""
    revoke_token(principal(request), token_id)
    return HttpResponse(status=204)


def _item(token: PersonalToken) -> dict[str, object]:
    return {
        "id": token.pk,
        "name": token.name,
        "scopes": token.scopes,
        "flow": token.flow_id,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
