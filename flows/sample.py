"""The flow that a new person finds: an editor that opens on something shows more than an empty one.

Only who signs up by the page gets it. A program that registers counts on an account with nothing in it.
"""

from typing import Any

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_from_template
from flows.templates import builtin

TEMPLATE = "first-flow"


def give_sample(user: User, **_: Any) -> None:
    """Create a person's sample flow, in the language in which they signed up."""
    create_from_template(Person(user.pk), builtin()[TEMPLATE])
