"""What members of staff do to accounts in the admin, and how far they may: the right is read again where it is used.

Nobody touches an account that may more than their own: a password is enough to be that person. Each command is one
transaction in line with all other changes of rights, and stands in the audit log in the name of who did it.
"""

from collections.abc import Collection

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import logins, mails
from accounts.audit import Action, lock_audit, record
from accounts.models import User
from accounts.principals import Administrator
from accounts.second_factors import FACTORS
from web.errors import Problem
from web.write_transaction import after_commit, write_transaction

CHANGE_PEOPLE, DELETE_PEOPLE = "accounts.change_user", "accounts.delete_user"


def has_permission(user_id: int, permission: str) -> bool:
    """Tell whether somebody is active staff with one of Django's permissions now."""
    user = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    return user is not None and user.has_perm(permission)


def expect_permission(principal: Administrator, permission: str) -> None:
    """Raise `Problem` (`forbidden`) for staff without a permission."""
    if not has_permission(principal.user_id, permission):
        raise Problem("forbidden", _("You lack the permission for this."))


def permissions_of(who: User) -> set[Permission]:
    """Return what somebody may, or would if their account were active."""
    return set(Permission.objects.filter(Q(user=who) | Q(group__user=who)))


def includes(one: User, other: User) -> bool:
    """Tell whether one may all that the other may."""
    if one.is_superuser or one == other:
        return True
    return not other.is_superuser and permissions_of(other) <= permissions_of(one)


def touchable(principal: Administrator, user_id: int, permission: str = CHANGE_PEOPLE) -> User:
    """Return an account that a member of staff may change. Raises `Problem` (`forbidden`, `not_found`)."""
    expect_permission(principal, permission)
    user = User.objects.filter(pk=user_id, deleted_at=None).first()
    if user is None:
        raise Problem("not_found", _("There is no such account."))
    if not includes(User.objects.get(pk=principal.user_id), user):
        raise Problem("forbidden", _("This account may more than yours."))
    return user


def end_logins(principal: Administrator, login_ids: Collection[int]) -> int:
    """End logins; return how many there were. Raises `Problem` (`forbidden`), and then ends none."""
    with write_transaction():
        lock_audit()
        keys = dict[int, list[str]]()
        held = UserSession.objects.filter(pk__in=login_ids).order_by("user_id", "pk")
        for user_id, key in held.values_list("user_id", "session_key"):
            keys.setdefault(user_id, []).append(key)
        for user_id, ended in keys.items():
            touchable(principal, user_id)
            logins.end_within(user_id, ended)
            _note(principal, Action.LOGOUT, user_id, everywhere=False)
    return sum(len(ended) for ended in keys.values())


def end_all_logins(principal: Administrator, user_id: int) -> None:
    """End all logins of a person. Raises `Problem` (`forbidden`, `not_found`)."""
    with write_transaction():
        lock_audit()
        touchable(principal, user_id)
        logins.end_within(user_id)
        _note(principal, Action.LOGOUT, user_id, everywhere=True)


def reset_factors(principal: Administrator, user_id: int) -> int:
    """Take all second factors and recovery codes from somebody who lost them, end their logins, and tell them by mail.

    Returns how many factors there were; without any nothing happens. Raises `Problem` (`forbidden`, `not_found`).
    """
    with write_transaction():
        lock_audit()
        user = touchable(principal, user_id)
        held = Authenticator.objects.filter(user=user)
        factors = list(held.filter(type__in=FACTORS).order_by("pk").values_list("type", flat=True))
        if factors:
            logins.end_within(user_id)
            held.delete()
            after_commit(lambda: mails.tell_person("account/email/factors_reset", user))
        for kind in factors:
            is_app = kind == Authenticator.Type.TOTP
            _note(principal, Action.SECOND_FACTOR_OFF if is_app else Action.PASSKEY_REMOVED, user_id)
    return len(factors)


def note_help(principal: Administrator, user_id: int, what: str) -> User:
    """Write down what is done for a person that changes nothing; return them. Raises as `touchable` does."""
    with write_transaction():
        lock_audit()
        user = touchable(principal, user_id)
        _note(principal, Action.ADMIN_CHANGE, user_id, what=what, of=User._meta.label_lower)
    return user


def _note(principal: Administrator, action: Action, user_id: int, **detail: object) -> None:
    record(action, actor=principal.user_id, object=f"user:{user_id}", person=user_id, detail=detail)
