"""A person's access tokens: listed, made, revoked. A secret is in the answer to its form, and not again."""

from typing import Any

from allauth.account.internal.flows.reauthentication import suspend_request
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import personal_tokens
from accounts.forms import visible_name
from accounts.models import PersonalToken
from accounts.principals import Scope
from accounts.proofs import is_fresh
from accounts.schemas import storable
from flows.access import flows_of, get_flow_for
from flows.errors import NotFound
from flows.models import Flow
from flows.pages.decorators import PageRequest, logged_in, principal
from web.errors import Problem, as_failure
from web.row_ids import LARGEST_ID

LONGEST_NAME = 150
MOST_FLOWS = 200
DAY = 86_400
LIVES: dict[str, tuple[int | None, Promise]] = {
    "30": (30 * DAY, gettext_lazy("30 days")),
    "90": (90 * DAY, gettext_lazy("90 days")),
    "365": (365 * DAY, gettext_lazy("1 year")),
    "": (None, gettext_lazy("Does not expire")),
}
SCOPES: dict[Scope, Promise] = {
    Scope.READ: gettext_lazy("Read: see your flows and their runs"),
    Scope.WRITE: gettext_lazy("Write: also create, edit and run flows"),
    Scope.ADMIN: gettext_lazy("Admin: also share, delete, and manage teams, secrets and tokens"),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def tokens(request: PageRequest) -> HttpResponse:
    """Show a person's tokens; make one, and show its secret once."""
    if request.method != "POST":
        return _page(request)
    if not is_fresh(request, request.user, principal(request)):
        asked: HttpResponse = suspend_request(request, reverse("account_reauthenticate"))
        return asked
    try:
        token, secret = personal_tokens.create_token(principal(request), **_form(request))
    except Problem as problem:
        return _page(request, problem)
    return _page(request, made=token, secret=secret)


@require_POST
@logged_in
def revoke_token(request: PageRequest, token_id: int) -> HttpResponse:
    """Revoke one token."""
    if token_id > LARGEST_ID:
        raise Http404
    personal_tokens.revoke_token(principal(request), token_id)
    return redirect("flows:tokens")


@require_POST
@logged_in
def revoke_tokens(request: PageRequest) -> HttpResponse:
    """Revoke all tokens."""
    personal_tokens.revoke_tokens(principal(request))
    return redirect("flows:tokens")


def _form(request: PageRequest) -> dict[str, Any]:
    """Read the form. Raises `Problem` (`invalid`)."""
    text, life, flow = (request.POST.get(name, "").strip() for name in ("name", "life", "flow"))
    try:
        storable(text)
        name = visible_name(text[:LONGEST_NAME])
    except (ValueError, ValidationError):
        raise Problem("invalid", _("Enter a name with visible characters.")) from None
    try:
        scope = Scope(request.POST.get("scope", ""))
        expires_in, _title = LIVES[life]
        flow_id = get_flow_for(principal(request), flow).flow.pk if flow else None
    except (ValueError, KeyError, NotFound):
        raise Problem("invalid", _("Choose what the token may do.")) from None
    return {"name": name, "scopes": [scope], "expires_in": expires_in, "flow_id": flow_id}


def _page(
    request: PageRequest,
    problem: Problem | None = None,
    *,
    made: PersonalToken | None = None,
    secret: str = "",
) -> HttpResponse:
    rows = list(personal_tokens.tokens_of(request.user.pk))
    titles = dict(Flow.objects.filter(pk__in=[one.flow_id for one in rows]).values_list("pk", "title"))
    posted = request.POST if problem else {}
    flows = flows_of(principal(request)).order_by("search_text", "pk").values_list("pk", "title")
    context: dict[str, Any] = {
        "tokens": [(one, _widest(one), titles.get(one.flow_id) if one.flow_id else None) for one in rows],
        "made": made,
        "secret": secret,
        "scopes": list(SCOPES.items()),
        "lives": [(value, title) for value, (_seconds, title) in LIVES.items()],
        "flows": [(str(id), title) for id, title in flows[:MOST_FLOWS]],
        "typed": {name: posted.get(name, "") for name in ("name", "scope", "life", "flow")},
        "name_length": LONGEST_NAME,
        "error": problem and problem.message,
    }
    response = render(request, "accounts/tokens.html", context)
    return response if problem is None else as_failure(response, problem)


def _widest(token: PersonalToken) -> str:
    return max((Scope(one) for one in token.scopes), key=list(Scope).index)
