"""The person's account, known by e-mail address, shown by name, drawn in a colour; teams; personal tokens.

A guest, who came by a link and has no account, is a row of `User` as well, so that logs, undo and quotas name them as
they name anybody. `User.objects` does not find guests, so nothing that looks for an account can take one for it: they
cannot log in, be invited, or be found. `User.everyone` finds them too.
"""

import uuid
from typing import Any, ClassVar

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.addresses import comparable
from accounts.colours import colour_of, own_colour


class People(BaseUserManager["User"]):
    """Creates accounts; of each address one spelling is kept."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account; `name` defaults to the address's local part."""
        user = self.new_user(email, password, **fields)
        user.save(using=self._db)
        return user

    def new_user(self, email: str, password: str | None, **fields: Any) -> "User":
        """Make an account that is not saved yet: hashing a password takes longer than a transaction may."""
        email = comparable(email)
        user = self.model(email=email, name=fields.pop("name", "") or email.partition("@")[0], **fields)
        user.set_password(password)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class Accounts(People):
    """Finds accounts: everybody but guests."""

    use_in_migrations = False

    def get_queryset(self) -> "models.QuerySet[User]":
        """Leave guests out."""
        return super().get_queryset().filter(is_guest=False)


class User(AbstractUser):
    """A person. `email` is the identity; there is no separate user name.

    Guests, and people whose account was deleted, have no address. `own_colour` is an index that the person chose.
    """

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True, null=True)  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=150)
    own_colour = models.PositiveSmallIntegerField(_("colour"), null=True, blank=True)
    is_guest = models.BooleanField(default=False, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Accounts] = Accounts()  # type: ignore[assignment]
    everyone: ClassVar["models.Manager[User]"] = models.Manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_address"),
            models.CheckConstraint(condition=Q(is_guest=False) | Q(email=None), name="guests_have_no_address"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def colour_index_of(cls, person: int) -> int:
        """Return the index of the colour that a person chose, else of their usual one."""
        chosen = cls.everyone.filter(pk=person).values_list("own_colour", flat=True).first()
        return own_colour(person) if chosen is None else chosen

    @property
    def colour_index(self) -> int:
        """The index of the colour that the person chose, else of their usual one."""
        return own_colour(self.pk or 0) if self.own_colour is None else self.own_colour

    @property
    def colour(self) -> str:
        """The person's own colour where no flow gives one."""
        return colour_of(self.colour_index)


class Attempt(models.Model):
    """One attempt, until it counts no more. `key` says at what and whose, as a hash; `accounts.attempts` counts."""

    key = models.CharField(max_length=80)
    expires_at = models.DateTimeField(db_index=True)
    is_open = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["key", "expires_at"], name="attempts_of_a_key")]

    def __str__(self) -> str:
        return self.key


class Team(models.Model):
    """People who work together. Who is in it has a role in the team's flows (`flows.access`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """A person's role in a team."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        MEMBER = "member", _("Member")
        ADMIN = "admin", _("Admin")
        OWNER = "owner", _("Owner")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("team"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_team_role_per_person"),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "member", "admin", "owner"]), name="known_team_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class TeamInvitation(models.Model):
    """A place in a team for an address without an account. Only the mailed link, by its `digest`, gives it.

    The link is for an account with that address alone, unless the team's admins made it open.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("team"))
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=16, choices=TeamMember.Role.choices)
    is_open = models.BooleanField(_("for any account"), default=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("team invitation")
        verbose_name_plural = _("team invitations")
        constraints = [models.UniqueConstraint("team", Lower("email"), name="one_team_invitation_per_address")]

    def __str__(self) -> str:
        return self.email


class PersonalToken(models.Model):
    """A token that a person made for a program; only its SHA-256 (`digest`) is kept. `flow_id`: for that flow alone.

    `made_by` is the token that it was made with, which it never outlives; None for one that its person made themselves.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=150)
    scopes = models.JSONField(_("scopes"))
    flow_id = models.UUIDField(_("flow"), null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="made", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name


class Login(UserSession):  # type: ignore[misc]
    """Where a person is logged in, as the admin lists it; `accounts.logins` begins and ends them."""

    class Meta:
        proxy = True
        verbose_name = _("login")
        verbose_name_plural = _("logins")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.created_at:%Y-%m-%d %H:%M}"
