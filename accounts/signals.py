"""What other parts of the product may want to know of accounts, which themselves know of nothing else."""

from django.dispatch import Signal

signed_up = Signal()
"""A person made an account by the page, not by a program (argument: `user`)."""
leaving_team = Signal()
"""A person leaves a team or is removed from it (arguments: `principal`, who does it; `team_id`; `user_id`).

Sent inside the transaction, which holds the audit log's head and no rights yet: what is theirs by the team ends with
their place. What a receiver raises undoes it all.
"""
access_changed = Signal()
"""What these people may do, or what they came in by, has changed (argument: `user_ids`, a collection).

Send it after the commit, outside of any transaction: those who have a connection are checked again at once.
"""
