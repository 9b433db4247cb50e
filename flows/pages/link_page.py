"""The page behind a link: it asks for the password, then for a name, and leads into the flow.

The address holds a secret, so it is told to no other page (`Referrer-Policy`), kept by no cache and found by no search.
An unknown link, one that is off and one whose time is over are the same page. Who is logged in enters as themselves,
without a name: by going to the address, which is what links are for, or by the page's button where a browser only loads
it, prepares it, or was sent there by another site; who is in already is led on. That a password was right is kept in
the browser's session until the link has another.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import attempts, entrance
from accounts.acting import as_system
from accounts.authentication import caller_of_session
from accounts.forms import storable_text, visible_name
from accounts.guests import forget_visit, guest_in, remember_visit, visits_anything
from accounts.models import User
from accounts.principals import Guest, Person
from flows import commands
from flows.access import Access, Role, grants_of
from flows.commands.visits import NAME, become_person
from flows.errors import NotFound
from flows.models import Link
from flows.pages.decorators import PageRequest, flow_view, logged_in, person, secret_address
from web.errors import Problem, as_failure
from web.navigation import is_navigation

View = Callable[..., HttpResponse]
_PROVED = "links_proved"


class PasswordForm(forms.Form):
    """A link's password."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1_024,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class NameForm(forms.Form):
    """What a guest wants to be called."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=NAME,
        validators=[storable_text],
        help_text=_("Others in this flow see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True, "dir": "auto"}),
    )

    def clean_name(self) -> str:
        """Names can be seen."""
        return visible_name(self.cleaned_data["name"])


@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask what is to be asked; lead into the flow when that is known."""
    try:
        if request.method == "POST":
            entrance.attempt(request, "visit")
        link = commands.find_link(secret)
        if _is_in(request, link):
            return redirect("flows:editor", link.flow_id)
        return _next_step(request, link)
    except NotFound:
        return render(request, "links/closed.html", status=404)
    except Problem as problem:
        return _refused(request, PasswordForm(), problem)


@require_POST
@flow_view()
def leave(request: PageRequest, access: Access) -> HttpResponse:
    """End a guest's visit; those who have an account just go."""
    if isinstance(request.caller, Guest):
        commands.leave(request.caller, access.flow.pk)
        forget_visit(request.session, access.flow.pk)
        return redirect("login")
    return redirect("flows:library")


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def join(request: PageRequest, flow_id: UUID) -> HttpResponse:
    """Lead a guest who has logged in back into the flow, as themselves."""
    guest = guest_in(request.session, flow_id)
    if guest is not None:
        if request.method != "POST" and not is_navigation(request):
            return _page(request, forms.Form())
        become_person(guest, flow_id, person(request))
        forget_visit(request.session, flow_id)
    return redirect("flows:editor", flow_id)


def _next_step(request: HttpRequest, link: Link) -> HttpResponse:
    """Take what was posted, then ask for what is still missing, or enter."""
    if not _has_proved(request, link):
        form = PasswordForm(request.POST if "password" in request.POST else None)
        if not form.is_valid():
            return _page(request, form)
        try:
            commands.prove_password(link, form.cleaned_data["password"])
        except Problem as problem:
            return _refused(request, form, problem)
        _remember_proof(request, link)
    return _enter_as_person(request, link) if isinstance(request.user, User) else _enter_as_guest(request, link)


def _enter_as_person(request: HttpRequest, link: Link) -> HttpResponse:
    """Enter, if the person goes there or says so."""
    if request.method != "POST" and not is_navigation(request):
        return _page(request, forms.Form())
    caller = caller_of_session(request)
    assert isinstance(caller, Person)  # noqa: S101  (the types' sake: a user is logged in)
    commands.enter_as_person(link, caller)
    return redirect("flows:editor", link.flow_id)


def _enter_as_guest(request: HttpRequest, link: Link) -> HttpResponse:
    form = NameForm(request.POST if "name" in request.POST else None)
    if not form.is_valid():
        return _page(request, form)
    try:
        network = attempts.address_of(request)
        entered = commands.enter_as_guest(link, form.cleaned_data["name"], network=network)
    except Problem as problem:
        return _refused(request, form, problem)
    if not visits_anything(request.session):  # another key would end what this browser has open as a guest
        request.session.cycle_key()
    remember_visit(request.session, link.flow_id, entered.principal)
    return redirect("flows:editor", link.flow_id)


@as_system
def _is_in(request: HttpRequest, link: Link) -> bool:
    """Tell whether who asks has what the link gives already: a guest by this very link, a person in any way."""
    who = caller_of_session(request) or guest_in(request.session, link.flow_id)
    if who is None:
        return False
    if isinstance(who, Guest) and not link.visits.filter(pk=who.visit, ended_at=None).exists():
        return False
    grant = grants_of(link.flow_id, [who]).get(who)
    return grant is not None and grant.role.includes(Role(link.role))


def _has_proved(request: HttpRequest, link: Link) -> bool:
    kept: Any = request.session.get(_PROVED, {}).get(link.pk.hex, "")
    return not link.password or constant_time_compare(kept, _proof(link))


def _remember_proof(request: HttpRequest, link: Link) -> None:
    request.session[_PROVED] = {**request.session.get(_PROVED, {}), link.pk.hex: _proof(link)}


def _proof(link: Link) -> str:
    return salted_hmac("helix.link", f"{link.pk.hex}:{link.password}").hexdigest()


def _refused(request: HttpRequest, form: forms.Form, problem: Problem) -> HttpResponse:
    told = ""
    if form.is_bound:
        form.add_error(next(iter(form.fields)) if problem.code == "forbidden" else None, problem.message)
    else:
        told = problem.message
    return as_failure(_page(request, form, told), problem)


def _page(request: HttpRequest, form: forms.Form, told: str = "") -> HttpResponse:
    context = {"form": form, "asks_password": isinstance(form, PasswordForm), "told": told, "stays_here": True}
    return render(request, "links/enter.html", context, status=422 if form.errors else 200)
