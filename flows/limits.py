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
    import_bytes: int = 5_242_880
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
    problems: int = 500
    tasks_per_run: int = 10_000
    open_runs: int = 100
    open_runs_per_person: int = 200
    places_per_person: int = 99
    value_bytes: int = 10_485_760
    runs_kept_days: int = 30
    run_seconds: int = 86_400
    task_seconds: int = 3_600
    response_bytes: int = 10_485_760
    tool_rounds: int = 10
    secrets_per_flow: int = 100
    secret_bytes: int = 16_384
    skill_bytes: int = 268_435_456
    memory_entries: int = 100_000
    memory_bytes: int = 134_217_728
    trash_days: int = 30
    storage_per_flow: int = 268_435_456
    storage_per_person: int = 2_147_483_648
    run_storage_per_flow: int = 1_073_741_824
    run_storage_per_person: int = 4_294_967_296
    idle_seconds: int = 1_800
    presence_bytes: int = 4_096
    presence_seconds: int = 30
    signups_per_minute: int = 20
    logins_per_minute: int = 30
    login_failures: int = 5
    refreshes_per_minute: int = 60
    account_mails_per_hour: int = 10
    invitations_per_hour: int = 100
    invitations_per_flow: int = 100
    invitation_days: int = 7
    links_per_flow: int = 50
    guests_per_link: int = 1_000
    guests_per_address: int = 100
    guest_days: int = 14
    link_failures: int = 10
    visits_per_minute: int = 60
    flow_changes_per_minute: int = 1_200
    account_changes_per_hour: int = 1_000
    teams_per_person: int = 100
    team_members: int = 500
    tokens_per_person: int = 50
    passwords_waiting: int = 64
    picture_pixels: int = 8_388_608
    templates_per_person: int = 200
    template_parameters: int = 50
    template_bytes: int = 8_388_608
    action_nodes: int = 1_000
    jobs_per_person: int = 2
    webhooks_per_flow: int = 20
    triggers_per_flow: int = 50
    hook_bytes: int = 1_048_576
    message_bytes: int = 1_048_576
    message_brackets: int = 20_000
    notification_rules: int = 20
    mails_per_day: int = 200
    graphql_bytes: int = 65_536
    graphql_cost: int = 20_000
    graphql_depth: int = 20
    graphql_elements: int = 60_000

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
        """Read `HELIX_LIMIT_<NAME>` for every field; raise `ValueError` for what is no positive whole number.

        `trash_days` may be 0: then nothing comes back.
        """
        given: dict[str, int] = {}
        for field in fields(cls):
            name = f"HELIX_LIMIT_{field.name.upper()}"
            if text := environment.get(name, "").strip():
                if not text.isdecimal() or int(text) < (field.name != "trash_days"):
                    raise ValueError(f"{name} must be a positive whole number, not {text!r}")
                given[field.name] = int(text)
        return cls(**given)


def current() -> Limits:
    """Return the limits this process runs with."""
    from django.conf import settings

    limits: Limits = settings.HELIX_LIMITS
    return limits
