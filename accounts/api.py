"""REST about the person: register, log in, stay logged in, log out; who am I, and where am I logged in."""

from allauth.account.internal.flows.email_verification import send_verification_email_for_user
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Status
from ninja.throttling import BaseThrottle

from accounts import entrance, logins, tokens
from accounts.authentication import person, principal
from accounts.colours import PEOPLE_COLOURS
from accounts.models import User
from accounts.people import change_profile
from accounts.principals import Person, TokenBearer
from accounts.schemas import (
    AccountOut,
    LoginsOut,
    LogoutIn,
    MeIn,
    MeOut,
    RefreshIn,
    RegisterIn,
    TokenIn,
    TokenOut,
)
from accounts.second_factors import has_two_factors
from accounts.teams import teams_of
from web.errors import Problem, answers
from web.router import Router, door
from web.row_ids import RowId

router = Router(tags=["account"])


class Attempts(BaseThrottle):
    """Counts the calls of an address before anything of them is read."""

    def __init__(self, action: str) -> None:
        self.action = action

    def allow_request(self, request: HttpRequest) -> bool:
        """Say whether the address may go on."""
        return entrance.may_try(request, self.action)

    def wait(self) -> float:
        """Return the seconds after which it may again."""
        return entrance.MINUTE


@router.post(
    "/auth/register",
    auth=None,
    throttle=Attempts("signup"),
    **answers({201: AccountOut}, "email_taken", "too_large", "invalid", "rate_limited", public=True),
)
def register(request: HttpRequest, payload: RegisterIn) -> Status[User]:
    """Create an account."""
    user = entrance.register(email=payload.email, password=payload.password, name=payload.name)
    if entrance.confirms_addresses():
        send_verification_email_for_user(request, user)
    return Status(201, user)


@router.post(
    "/auth/token",
    auth=None,
    throttle=Attempts("login"),
    **answers(
        {200: TokenOut},
        "not_authenticated",
        "second_factor_required",
        "too_large",
        "invalid",
        "rate_limited",
        public=True,
    ),
)
def token(request: HttpRequest, payload: TokenIn) -> tokens.TokenPair:
    """Log in: an access token, and a refresh token for when it has expired.

    An account with a second factor sends its code along.
    """
    return tokens.issue(entrance.prove_all(payload.email, payload.password, payload.code), request)


@router.post(
    "/auth/token/refresh",
    auth=None,
    throttle=Attempts("refresh"),
    **answers({200: TokenOut}, "not_authenticated", "too_large", "invalid", "rate_limited", public=True),
)
def refresh(request: HttpRequest, payload: RefreshIn) -> tokens.TokenPair:
    """Change a refresh token, once, for a new pair."""
    pair = tokens.refresh(payload.refresh)
    if pair is None:
        raise Problem("not_authenticated", _("The refresh token is not valid or has expired."))
    return pair


@router.post("/auth/logout", **answers({204: None}, "forbidden", "too_large", "invalid"))
def log_out(request: HttpRequest, payload: LogoutIn | None = None) -> Status[None]:
    """End this login, with its access and refresh tokens, or all; personal tokens live on."""
    user, acting = person(request), _by_login(request)
    logins.log_out(user, None if payload and payload.everywhere else [acting])
    return Status(204, None)


@router.get("/me", **answers({200: MeOut}))
@door(harmless=True)
def me(request: HttpRequest) -> dict[str, object]:
    """Tell who the call is from."""
    return _me(person(request))


@router.patch("/me", **answers({200: MeOut}, "forbidden", "too_large", "invalid"))
@door(scope="admin")
def change_me(request: HttpRequest, payload: MeIn) -> dict[str, object]:
    """Change how you are shown: the name, the colour."""
    user = person(request)
    colour = None if payload.colour is None else PEOPLE_COLOURS.index(payload.colour)
    change_profile(user, name=payload.name, colour=colour)
    return _me(user)


@router.get("/me/logins", **answers({200: LoginsOut}, "forbidden"))
def list_logins(request: HttpRequest) -> dict[str, object]:
    """List where you are logged in, the last used first."""
    acting = principal(request)
    login = acting.login if isinstance(acting, Person | TokenBearer) else None
    return {"items": logins.of(person(request), login)}


@router.delete("/me/logins/{login_id}", **answers({204: None}, "forbidden", "not_found"))
@door(scope="admin")
def end_login(request: HttpRequest, login_id: RowId) -> Status[None]:
    """Log out there."""
    if not logins.end(person(request), login_id):
        raise Http404
    return Status(204, None)


def _by_login(request: HttpRequest) -> str:
    """Return the key of the login that a call is by."""
    acting = principal(request)
    if not isinstance(acting, Person | TokenBearer) or acting.login is None:
        raise Problem("forbidden", _("Log in first: a personal token is no login. Revoke it instead."))
    return acting.login


def _me(user: User) -> dict[str, object]:
    return {
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "colour": user.colour,
        "teams": teams_of(user.pk),
        "has_two_factors": has_two_factors(user),
    }
