#!/usr/bin/env python
"""Django's command line for Helix."""

import os
import sys

from django.core.management import execute_from_command_line

from accounts.acting import act_as_system

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
    act_as_system()
    execute_from_command_line(sys.argv)
