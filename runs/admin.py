"""Providers of models, tool servers, and what runs keep, in the admin, for people who look after an installation.

Nothing here writes by itself: it goes through the commands that REST uses. A key or a header goes in and never comes
out; left empty it stays as it is.
"""

from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import BoundedPaginator, ReadOnly
from flows.admin.base import Refusable
from runs.models import Provider, Run, ToolServer
from runs.providers.commands import ProviderRecord, check_provider, delete_provider, put_provider
from runs.providers.health import state_of
from runs.providers.http import DIALECTS
from runs.tools.commands import ToolServerRecord, check_tool_server, delete_tool_server, put_tool_server
from web.errors import Problem

Row = TypeVar("Row", bound=Model)
KEPT = _("Never shown again. Left empty, it stays as it is.")


class LinesField(forms.CharField):
    """A list of names, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read lines as a list."""
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """What staff say of a provider."""

    dialect = forms.ChoiceField(label=_("dialect"), choices=[(name, name) for name in DIALECTS])
    base_url = forms.CharField(label=_("address"), help_text=_("What stands before /chat/completions or /messages."))
    model_names = LinesField(label=_("models"), required=False, help_text=_("One a line."))
    fallback = LinesField(label=_("fallback"), required=False, help_text=_("Ids of providers, one a line."))
    key = forms.CharField(label=_("key"), required=False, widget=forms.PasswordInput, help_text=KEPT)

    class Meta:
        model = Provider
        fields = ("id", "title", "dialect", "base_url", "key", "model_names", "default_model", "fallback")

    def record(self) -> ProviderRecord:
        """Return what was entered."""
        given = self.cleaned_data
        return ProviderRecord(
            title=given["title"],
            dialect=given["dialect"],
            base_url=given["base_url"],
            models=given["model_names"],
            fallback=given["fallback"],
            key=given["key"] or None,
            default=given["default_model"] or None,
        )

    def clean(self) -> None:
        """Refuse what the command would."""
        if not self.errors:
            _checked(lambda: check_provider(self.cleaned_data.get("id") or self.instance.pk, self.record()))


class ToolServerForm(forms.ModelForm):  # type: ignore[type-arg]
    """What staff say of a tool server."""

    url = forms.CharField(label=_("address"), required=False)
    header = forms.CharField(
        label=_("header Authorization"), required=False, widget=forms.PasswordInput, help_text=KEPT
    )

    class Meta:
        model = ToolServer
        fields = ("id", "title", "url", "command", "header")

    def record(self) -> ToolServerRecord:
        """Return what was entered."""
        given = self.cleaned_data
        headers = {"Authorization": given["header"]} if given["header"] else None
        return ToolServerRecord(title=given["title"], url=given["url"], command=given["command"], headers=headers)

    def clean(self) -> None:
        """Refuse what the command would."""
        if not self.errors:
            _checked(lambda: check_tool_server(self.cleaned_data.get("id") or self.instance.pk, self.record()))


class RegisteredAdmin(Refusable, admin.ModelAdmin, Generic[Row]):  # type: ignore[type-arg]
    """What both have in common: an id that stays, and how it answered lately."""

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        """The id is chosen once."""
        return ("id",) if obj else ()

    @admin.display(description=_("state"))
    def state(self, row: Any) -> str:
        """Tell how it answered lately."""
        return state_of(row)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        """Take these away."""
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Provider)
class ProviderAdmin(RegisteredAdmin[Provider]):
    """Providers of models."""

    form = ProviderForm
    list_display = ("id", "title", "dialect", "default_model", "state", "checked_at")

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        """Register it."""
        put_provider(obj.pk, form.record())

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        """Take it away."""
        delete_provider(obj.pk)


@admin.register(ToolServer)
class ToolServerAdmin(RegisteredAdmin[ToolServer]):
    """Tool servers."""

    form = ToolServerForm
    list_display = ("id", "title", "url", "command", "state", "checked_at")

    def save_model(self, request: HttpRequest, obj: ToolServer, form: Any, change: bool) -> None:
        """Register it."""
        put_tool_server(obj.pk, form.record())

    def delete_model(self, request: HttpRequest, obj: ToolServer) -> None:
        """Take it away."""
        delete_tool_server(obj.pk)


def _checked(check: Any) -> None:
    try:
        check()
    except Problem as problem:
        raise ValidationError(problem.message) from None


@admin.register(Run)
class RunAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """How much each run keeps and who answers for it, the most first; never what went through it.

    Sorted by what is counted, for which there is an index: of an open run that may be 64 KiB less than it keeps.
    """

    fields = list_display = ("id", "flow", "responsible", "state", "size", "size_in_flow", "size_in_all", "created_at")
    list_filter = ("state", "created_at")
    list_select_related = ("flow", "responsible")
    ordering = ("-counted",)
    sortable_by = ("size",)
    show_full_result_count = False
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Read the totals of each flow and each person along."""
        runs: QuerySet[Run] = super().get_queryset(request)
        return runs.annotate(in_flow=F("flow__run_storage__storage"), in_all=F("responsible__run_storage__storage"))

    @admin.display(description=_("storage"), ordering="counted")
    def size(self, run: Run) -> str:
        """Show it as people read it."""
        return filesizeformat(run.storage)

    @admin.display(description=_("storage of the flow’s runs"))
    def size_in_flow(self, run: Run) -> str:
        """Show what counts against the flow's limit."""
        return filesizeformat(getattr(run, "in_flow", None) or 0)

    @admin.display(description=_("storage in all flows"))
    def size_in_all(self, run: Run) -> str:
        """Show what counts against the person's limit, if a person answers for it."""
        return "" if run.responsible_id is None else filesizeformat(getattr(run, "in_all", None) or 0)
