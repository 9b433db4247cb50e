"""Flows: document, rows, rules, pages and REST."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowsConfig(AppConfig):
    name = "flows"
    verbose_name = _("Flows")

    def ready(self) -> None:
        """Give new people a sample flow, which no sign-up hangs on; take who leaves a team out of its flows; write what
        accounts tell into the audit log, and put a person's flows into the copy of their data."""
        from accounts.export import add_part
        from accounts.signals import leaving_team, signed_up
        from flows.commands.teams import leave_flows
        from flows.log.audit import take_entries
        from flows.own_data import files_of
        from flows.sample import give_sample

        signed_up.connect(give_sample, dispatch_uid="flows.sample")
        leaving_team.connect(leave_flows, dispatch_uid="flows.leave_flows")
        take_entries()
        add_part(files_of)
