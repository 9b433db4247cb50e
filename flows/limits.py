"""Every limit of the product in one frozen value; each is read from `HELIX_LIMIT_<NAME>`.

The names and defaults are the public contract's (docs/protocol.md). `DocumentLimits` holds those of the flow itself,
so the pure core needs no settings; this adds those of sockets, bodies and accounts. No Django here: the settings
module builds the value, all others read `current()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from flows.document.limits import DocumentLimits


@dataclass(frozen=True, slots=True)
class Limits(DocumentLimits):
    """Bytes, counts and seconds; bursts scale with their rate (operations three times, those by REST ten
    times and at least a full call, the others four)."""

    frame_bytes: int = 65_536
    outbound_frame_bytes: int = 262_144
    frames_per_second: int = 30
    operations_per_second: int = 100
    rest_operations_per_second: int = 200
    work_steps_per_second: int = 40_000
    seen_per_second: int = 100
    outbox: int = 1_000
    unseen_bytes: int = 1_048_576
    unseen_seconds: int = 30
    unseen_versions: int = 500
    catch_up: int = 1_000
    recent_bytes: int = 8_388_608
    people_per_flow: int = 1_000
    sockets_per_user: int = 20
    body_bytes: int = 8_388_608
    form_bytes: int = 524_288
    public_body_bytes: int = 16_384
    requests_at_once: int = 2
    requests_waiting: int = 200
    head_bytes: int = 16_384
    head_seconds: int = 10
    body_seconds: int = 120
    keep_alive_seconds: int = 75
    unfinished_per_address: int = 100
    undo: int = 100
    storage_per_flow: int = 268_435_456
    storage_per_person: int = 2_147_483_648
    idle_seconds: int = 1_800
    presence_bytes: int = 4_096
    presence_seconds: int = 30
    signups_per_minute: int = 20
    logins_per_minute: int = 30
    login_failures: int = 5
    refreshes_per_minute: int = 60
    invitations_per_hour: int = 100
    flow_changes_per_minute: int = 1_200
    passwords_waiting: int = 64

    @property
    def rest_operation_burst(self) -> int:
        """How many operations a person may submit by REST at once."""
        return max(10 * self.rest_operations_per_second, self.batch)

    @property
    def flow_change_burst(self) -> int:
        """How many flows a person may make, delete or share at once."""
        return 4 * self.flow_changes_per_minute

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Limits":
        """Read `HELIX_LIMIT_<NAME>` for every field; raise `ValueError` for what is no positive whole number."""
        given: dict[str, int] = {}
        for field in fields(cls):
            name = f"HELIX_LIMIT_{field.name.upper()}"
            if text := environment.get(name, "").strip():
                if not text.isdecimal() or int(text) < 1:
                    raise ValueError(f"{name} must be a positive whole number, not {text!r}")
                given[field.name] = int(text)
        return cls(**given)


def current() -> Limits:
    """Return the limits this process runs with."""
    from django.conf import settings

    limits: Limits = settings.HELIX_LIMITS
    return limits
