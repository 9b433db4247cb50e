"""The person's account: known by e-mail address, shown by name, drawn in a colour."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
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


class User(AbstractUser):
    """A person. `email` is the identity; there is no separate user name."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_address")]

    def __str__(self) -> str:
        return self.name

    @property
    def colour(self) -> str:
        """The person's own colour where no flow gives one."""
        return colour_of(own_colour(self.pk or 0))


class Attempt(models.Model):
    """One attempt, until it counts no more. `key` says at what and whose, as a hash; `accounts.attempts` counts."""

    key = models.CharField(max_length=80)
    expires_at = models.DateTimeField(db_index=True)
    is_open = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["key", "expires_at"], name="attempts_of_a_key")]

    def __str__(self) -> str:
        return self.key
