"""REST about the person: register, log in, stay logged in, who am I."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Status
from ninja.throttling import BaseThrottle

from accounts import entrance, tokens
from accounts.authentication import person
from accounts.models import User
from accounts.schemas import AccountOut, MeOut, RefreshIn, RegisterIn, TokenIn, TokenOut
from web.errors import Problem, answers
from web.router import Router

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
    return Status(201, user)


@router.post(
    "/auth/token",
    auth=None,
    throttle=Attempts("login"),
    **answers({200: TokenOut}, "not_authenticated", "too_large", "invalid", "rate_limited", public=True),
)
def token(request: HttpRequest, payload: TokenIn) -> tokens.TokenPair:
    """Log in: an access token, and a refresh token for when it has expired."""
    return tokens.issue(entrance.prove(request, payload.email, payload.password))


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


@router.get("/me", **answers({200: MeOut}))
def me(request: HttpRequest) -> User:
    """Tell who the call is from."""
    return person(request)
