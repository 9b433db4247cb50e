"""`helix manage change_epochs`: for after a backup was put back."""

from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand

from accounts.principals import System
from flows.commands import change_epoch
from flows.errors import NotFound
from flows.models import Flow
from flows.trash import PURGED


class Command(BaseCommand):
    """Change the epoch of every flow, so that open editors fetch it anew."""

    help = "Change the epoch of every flow, so that open editors fetch it anew: for after a backup was put back."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Change them one by one; whoever edits meanwhile waits for one flow at most."""
        changed = 0
        for flow_id in list(Flow.objects.exclude(deleted_at=PURGED).values_list("pk", flat=True)):
            with suppress(NotFound):  # it was purged meanwhile
                change_epoch(System(), flow_id, via="admin")
                changed += 1
        self.stdout.write(f"{changed} epochs changed.")
