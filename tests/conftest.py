"""The stage all tests share: two databases, the cast, real servers and a real browser, started when first asked for.

Tests of the database run on whatever `HELIX_DATABASE_URL` names: SQLite unless they are started by
`python -m tests.postgres`. Browser tests come last: Playwright's synchronous interface keeps an event loop running in
this thread, beside which no asynchronous test can start one.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings as django_settings

from tests.postgres import Postgres
from tests.redis import Redis
from tests.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

    from accounts.models import User
    from tests.proxy import Proxy

DEBIANS = Path("/usr/lib/chromium/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = os.environ.get("CHROMIUM") or next((str(path) for path in DEBIANS if path.exists()), None)
"""The browser: the one that is asked for, Debian's (without a window it takes half the time), or Playwright's."""
TESTS = Path(__file__).parent
LONG = (
    "sessions/test_processes.py",
    "faults/test_kill.py",
    "hostile/test_soak.py",
    "faults/test_redis_away.py",
    "faults/test_database_away.py",
    "faults/test_sigterm.py",
    "ops/test_start.py",
    "api/test_schemathesis.py",
    "faults/test_disturbers.py",
    "ops/test_verify.py",
    "hostile/test_browsers.py",
    "browser/test_killed.py",
    "browser/test_undo_together.py",
)
"""These start first, so that no core waits at the end for another to finish a long file."""
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """Choose what speed alone asks for: plain file names, cheap password hashes. Live servers keep the real ones."""
    hypothesis.settings.register_profile("helix", deadline=None)  # the machine may be slow: time proves nothing here
    hypothesis.settings.load_profile("helix")
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the browser or the database; start with the long files, and put what uses the browser last."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "playwright" in fixtures:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker(pytest.mark.database)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, int]:
    file = str(item.path.relative_to(TESTS))
    return item.get_closest_marker("browser") is not None, LONG.index(file) if file in LONG else len(LONG)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test file out of the checkout, so that runs beside each other do not meet."""
    database = django_settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def _rates_unused() -> None:
    """Let no test be refused for what others did: people of one test have the numbers of another's."""
    from flows import rates

    for rate in (rates.operations, rates.flow_changes):
        rate.forget()


@pytest.fixture(scope="session", autouse=True)
def _log_emptied_between_tests() -> Iterator[None]:
    """Let the end of a transactional test empty the log, which the database refuses to everybody else."""
    from tests.flows.log_triggers import flush_may_empty_the_log

    with flush_may_empty_the_log():
        yield


@pytest.fixture(autouse=True)
def _nobody_has_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people of the same number in different tests be different people."""
    from flows.commands import work_budget

    monkeypatch.setattr(work_budget, "_budgets", work_budget.WorkBudgets())


@pytest.fixture(scope="session", autouse=True)
def _tables_emptied_by_delete() -> Iterator[None]:
    """Empty tables by DELETE on PostgreSQL, too: TRUNCATE makes new files for each, and takes ten times as long."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush

    def delete(
        operations: DatabaseOperations, style: object, tables: list[str], *, reset_sequences: bool = False, **more: bool
    ) -> list[str]:
        if reset_sequences:
            return truncate(operations, style, tables, reset_sequences=True, **more)
        return [f"DELETE FROM {operations.quote_name(table)}" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", delete)
        yield


# The cast: alice owns, bob edits, vera views, charlie is a stranger, dora is staff.


def person(name: str, **fields: bool) -> "User":
    """Create an account."""
    from accounts.models import User

    return User.objects.create_user(f"{name}@example.com", "correct horse", name=name.title(), **fields)


@pytest.fixture
def alice(db: None) -> "User":
    return person("alice")


@pytest.fixture
def bob(db: None) -> "User":
    return person("bob")


@pytest.fixture
def vera(db: None) -> "User":
    return person("vera")


@pytest.fixture
def charlie(db: None) -> "User":
    return person("charlie")


@pytest.fixture
def dora(db: None) -> "User":
    return person("dora", is_staff=True, is_superuser=True)


# Real backends and servers.


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL; `postgres.new_database()` is the address of an empty database."""
    postgres = Postgres()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """A real Redis; `redis.url` is its address."""
    redis = Redis()
    yield redis
    redis.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The laptop: one process on SQLite with the demo. Shared by many tests: create what you need."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def two_servers(postgres: Postgres, redis: Redis) -> Iterator[tuple[Server, Server]]:
    """The grown installation: two processes, one PostgreSQL, one Redis, with the demo."""
    common = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    database_url = postgres.new_database()
    with (
        Server(database_url=database_url, redis_url=redis.url, environment=common) as first,
        Server(database_url=database_url, redis_url=redis.url, environment=common, server="uvicorn") as second,
    ):
        yield first, second


# The browser.


@pytest.fixture(scope="session")
def playwright() -> "Iterator[Playwright]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: "Playwright") -> "Iterator[Browser]":
    """A real Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
    yield browser
    browser.close()


def log_in(context: "BrowserContext", name: str) -> None:
    """Log in as one of the demo's people, by the login page's form but without drawing the page."""
    page = context.request.get("/login/").text()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"csrfmiddlewaretoken": token, "user": name}
    answer = context.request.post("/login/demo/", form=form, fail_on_status_code=True)
    assert "/login/" not in answer.url


@pytest.fixture
def context_for(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Callable[..., BrowserContext]]":
    """`context_for("alice")`: a browser of her own, logged in as the demo's button does; `on=` names another server.

    It has service workers, as over https, only with `worker=True`: a hundred files kept for every test would slow all
    of them down.
    """
    contexts: list[BrowserContext] = []

    def open_context(
        name: str | None, *, on: "Server | Proxy | None" = None, worker: bool = False, **options: object
    ) -> "BrowserContext":
        server = on or request.getfixturevalue("server")
        context = browser.new_context(**{"base_url": server.url, **options})  # type: ignore[arg-type]
        contexts.append(context)
        if not worker:
            context.add_init_script("delete Navigator.prototype.serviceWorker")
        if name:
            log_in(context, name)
        return context

    yield open_context
    for context in contexts:
        context.close()
