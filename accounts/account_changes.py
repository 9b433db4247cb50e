"""How people change what is theirs or their teams': one transaction, in line with all other changes of rights.

It begins with the lock of the audit log's head, which all that changes rights takes first, and makes sure that what the
caller came in by still stands. People are told after the commit, when the lock is free.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial

from accounts import attempts
from accounts.audit import lock_audit
from accounts.credentials import expect_standing
from accounts.models import User
from accounts.principals import Administrator, Caller, Scope
from accounts.scopes import expect_everywhere, expect_scope
from accounts.signals import access_changed
from web.write_transaction import after_commit, write_transaction


@contextmanager
def changing(principal: Caller | Administrator, scope: Scope, *, is_counted: bool = True) -> Iterator[None]:
    """Run the block as one transaction that changes a caller's people or tokens, and count it for them.

    What administrators do is not counted: they look after many at once. Nor is what must never be refused.
    """
    expect_everywhere(principal)
    expect_scope(principal, scope)
    if is_counted and not isinstance(principal, Administrator):
        attempts.count("account_change", str(principal.user_id))
    with write_transaction():
        lock_audit()
        expect_standing(principal)
        yield


def tell(user_ids: Collection[int]) -> None:
    """Say that people's rights changed: now, or when the transaction around has committed."""
    after_commit(partial(access_changed.send_robust, sender=User, user_ids=list(user_ids)))
