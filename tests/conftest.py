"""The stage all tests share: two databases, the cast, real servers and a real browser, started when first asked for.

Tests of the database run on whatever `HELIX_DATABASE_URL` names: SQLite unless they are started by
`python -m tests.postgres`. Browser tests come last: Playwright's synchronous interface keeps an event loop running in
this thread, beside which no asynchronous test can start one.
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings

from tests.postgres import Postgres
from tests.redis import Redis
from tests.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

    from accounts.models import User
    from tests.proxy import Proxy

CHROMIUM = Path("/usr/bin/chromium")
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
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what uses the browser last."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test file out of the checkout, so that runs beside each other do not meet."""
    database = django_settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def _log_emptied_between_tests() -> Iterator[None]:
    """Let the end of a transactional test empty the log, which the database refuses to everybody else."""
    from tests.flows.log_triggers import flush_may_empty_the_log

    with flush_may_empty_the_log():
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
    """A real Chromium: the system's when there is one."""
    executable = str(CHROMIUM) if CHROMIUM.exists() else None
    browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def context_for(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Callable[..., BrowserContext]]":
    """`context_for("alice")`: a browser of her own, logged in by the demo's button; `on=` names another server.

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
            page = context.new_page()
            page.goto("/login/")
            page.locator(f"[data-demo-user={name}]").click()
            page.wait_for_url(lambda url: "/login/" not in url)
            page.close()
        return context

    yield open_context
    for context in contexts:
        context.close()
