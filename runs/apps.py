"""The app of runs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = _("Runs")

    def ready(self) -> None:
        """Let flows know what they can use here and what runs gave, let notices hear of runs and senders use them."""
        from flows import installation, previewing
        from flows.commands.purging import forget_with_flow
        from runs import hooks
        from runs.commands.purging import forget_flow, forget_some
        from runs.installation import installation_of
        from runs.notices import channels, telling
        from runs.previews import last_values

        installation.know(installation_of)
        previewing.run_values_by(last_values)
        channels.register_channels()
        forget_with_flow(forget_some, forget_flow)
        hooks.hear(telling.tell)
        hooks.hear_outputs(telling.deliver)
