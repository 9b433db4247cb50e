"""The end of an account, which flows and their logs outlive: one more call of the accounts' router."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Status

from accounts.api import Attempts, router
from accounts.authentication import person, principal
from accounts.principals import TokenBearer
from accounts.proofs import prove_again
from accounts.schemas import ProofIn
from flows.commands.leaving import delete_account
from web.errors import Problem, answers
from web.router import door

__all__ = ["router"]


@router.delete(
    "/me",
    throttle=Attempts("login"),
    **answers({204: None}, "forbidden", "second_factor_required", "too_large", "invalid", "rate_limited"),
)
@door(scope="admin")
def delete_me(request: HttpRequest, payload: ProofIn) -> Status[None]:
    """Delete your account. You become "Deleted person"; your changes stay in the logs.

    Who has a second factor sends its `code` with the password.

    Refused while you are the only owner of a team, or of a flow shared with others. Flows that nobody else is in and no
    team owns go with you.
    """
    user, acting = person(request), principal(request)
    if isinstance(acting, TokenBearer) and acting.token is not None and not user.has_usable_password():
        raise Problem("forbidden", _("Log in to delete an account without a password."))
    prove_again(user, payload.password, payload.code)
    delete_account(user.pk, via="api")
    return Status(204, None)
