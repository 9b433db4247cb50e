"""`helix manage change_epochs`: for after a backup was put back."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.principals import System
from flows.commands import change_epoch
from flows.models import Flow


class Command(BaseCommand):
    """Change the epoch of every flow, so that open editors fetch it anew."""

    help = "Change the epoch of every flow, so that open editors fetch it anew: for after a backup was put back."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Change them one by one; whoever edits meanwhile waits for one flow at most."""
        flow_ids = list(Flow.objects.values_list("pk", flat=True))
        for flow_id in flow_ids:
            change_epoch(System(), flow_id, via="admin")
        self.stdout.write(f"{len(flow_ids)} epochs changed.")
