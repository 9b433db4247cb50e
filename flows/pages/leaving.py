"""The page by which a person deletes their account."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication import person
from accounts.forms import PasswordForm
from accounts.proofs import second_factor_again
from flows.commands.leaving import delete_account, flows_going_with
from flows.document import Rejected
from flows.sentences import sentence


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required(redirect_field_name="next")
@second_factor_again
def delete_own_account(request: HttpRequest) -> HttpResponse:
    """Say what goes with the account, and delete it for who proves to be its person."""
    user = person(request)
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            delete_account(user.pk, via="page")
        except Rejected as refused:
            form.add_error(None, sentence(refused))
        else:
            logout(request)
            return redirect("account_signup")
    going = [flow.title for flow in flows_going_with(user.pk)]
    return render(request, "flows/leaving.html", {"form": form, "going": going}, status=422 if form.errors else 200)
