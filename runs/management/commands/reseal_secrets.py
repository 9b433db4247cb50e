"""`helix manage reseal_secrets`: after a new key was put first into the key file."""

from typing import Any

from django.core.management.base import BaseCommand

from runs.secrets import reseal


class Command(BaseCommand):
    """Seal every secret under the newest key."""

    help = "Seal every secret under the newest key, so that an older one can be removed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Seal them one by one; what no key opens is told, and stays."""
        done, lost = reseal()
        self.stdout.write(f"{done} sealed under the newest key; {lost} that no key opens.")
