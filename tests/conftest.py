"""The stage all tests share: two databases, the cast, real servers and a real browser, started when first asked for.

Tests of the database run on whatever `HELIX_DATABASE_URL` names: SQLite unless they are started by
`python -m tests.postgres`. Browser tests come last: Playwright's synchronous interface keeps an event loop running in
this thread, beside which no asynchronous test can start one.
"""

import gc
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from _pytest import runner
from django.conf import settings as django_settings
from django.db import connection

from accounts.acting import act_as_system
from tests.postgres import Postgres, goes_with_the_run, template_for_tests
from tests.redis import Redis
from tests.servers import Server, migrated_database
from web.call_stack import give_threads_room, in_one_piece

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright
    from pytest_django import DjangoDbBlocker

    from accounts.models import User
    from tests.proxy import Proxy

DEBIANS = Path("/usr/lib/chromium/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = os.environ.get("CHROMIUM") or next((str(path) for path in DEBIANS if path.exists()), None)
"""The browser: the one that is asked for, Debian's (without a window it takes half the time), or Playwright's."""
TESTS = Path(__file__).parent
LONG = (
    "runs/test_engine.py",
    "access/test_pages.py",
    "sessions/test_processes.py",
    "faults/test_sigterm.py",
    "runs/test_worker.py",
    "api/test_schemathesis.py",
    "faults/test_kill.py",
    "access/test_calls.py",
    "commands/test_flows.py",
    "runs/test_mcp.py",
    "runs/test_takeover_database.py",
    "ops/test_slow_peers.py",
    "runs/test_takeover.py",
    "faults/test_ill_formed.py",
    "runs/test_worker_in_server.py",
    "runs/test_kind_api.py",
    "row_level_security/test_policies.py",
    "runs/test_provider_http.py",
    "hostile/test_soak.py",
    "faults/test_database_away.py",
    "ops/test_start.py",
    "faults/test_redis_away.py",
    "faults/test_collisions.py",
    "ops/test_cannot_start.py",
    "faults/test_hostile_labels.py",
    "faults/test_idle.py",
    "faults/test_disturbers.py",
    "runs/test_trigger_servers.py",
    "flows/test_linear.py",
    "hostile/test_browsers.py",
    "browser/test_killed.py",
    "browser/test_undo_together.py",
    "browser/test_kept_pages.py",
    "browser/test_every_page.py",
    "browser/test_axe.py",
    "browser/test_offline.py",
    "browser/test_runs.py",
    "browser/test_editor.py",
)
"""These start first, what waits beside what works, so that no core waits at the end for a long file on another."""
WITH_BROWSER = (
    "tests/browser",
    "tests/hostile/test_browsers.py",
    "tests/interchange/test_dot_and_mermaid_tools.py",
    "tests/pages/test_look.py",
)
"""Where tests may use the browser: `make browser` runs what is there and nothing else."""
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
    gc.disable()  # until all is imported and collected, which stays
    hypothesis.settings.register_profile("helix", deadline=None)  # the machine may be slow: time proves nothing here
    hypothesis.settings.load_profile("helix")
    give_threads_room()
    act_as_system()  # what a test does beside the product; requests and sockets say for whom they ask
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what uses the browser or the database, before `-m` selects."""
    fixtures = set(getattr(item, "fixturenames", ()))
    if "playwright" in fixtures:
        item.add_marker(pytest.mark.browser)
        if not item.nodeid.startswith(WITH_BROWSER):
            raise pytest.UsageError(f"{item.nodeid} uses the browser, and make browser does not look there")
    if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
        item.add_marker(pytest.mark.database)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the long files, and put what uses the browser last; after pytest-django, which sorts by the database.

    What is about PostgreSQL alone is left out on SQLite. Every test has an id of its own, or processes that share them
    out run only one of those that share one.
    """
    for item in items:
        if (label := getattr(item, "operation_label", None)) and item._id.params is None:
            item._id = item._id.with_params(label)  # schemathesis gives all calls one id
    if twice := [id for id, count in Counter(item.nodeid for item in items).items() if count > 1]:
        raise pytest.UsageError(f"more than one test has the id {twice[0]}")
    if connection.vendor == "sqlite":
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("postgresql")])
        items[:] = [item for item in items if not item.get_closest_marker("postgresql")]
    items.sort(key=turn)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test as pytest does, in one piece of the stack: else how deep it begins decides how fast it is."""
    return in_one_piece(lambda: runner.pytest_runtest_protocol(item, nextitem))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect what tests leave behind, and not again and again what was imported for them."""
    gc.collect()
    gc.freeze()
    gc.enable()


def turn(item: pytest.Item) -> tuple[bool, int]:
    """Return when a test's turn is, among all."""
    file = str(item.path.relative_to(TESTS))
    return item.get_closest_marker("browser") is not None, LONG.index(file) if file in LONG else len(LONG)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Begin with a copy of a migrated database; SQLite's outside the checkout, so that runs do not meet there.

    It need not survive a power cut: the tests kill our processes, not the machine.
    """
    database = django_settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        shutil.copyfile(migrated_database(), file)
        database["TEST"]["NAME"] = str(file)
        database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
    else:
        database["TEST"]["TEMPLATE"] = template_for_tests()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Take a database as it was copied if it goes with its folder or its server; make and drop one anywhere else."""
    return "sqlite" in django_settings.DATABASES["default"]["ENGINE"] or goes_with_the_run()


@pytest.fixture(autouse=True)
def _english() -> None:
    """Begin in the default language: a request leaves its own active in the thread until the next one."""
    from django.utils.translation import deactivate

    deactivate()


@pytest.fixture(autouse=True)
def _rates_unused() -> None:
    """Let no test be refused for what others did: people of one test have the numbers of another's."""
    from flows import rates

    for rate in (rates.operations, rates.flow_changes):
        rate.forget()


@pytest.fixture(scope="session", autouse=True)
def _log_emptied_between_tests() -> Iterator[None]:
    """Let the end of a transactional test empty the log, which the database refuses to everybody else."""
    from tests.flows.log_triggers import log_emptied_after_tests

    with log_emptied_after_tests():
        yield


@pytest.fixture(autouse=True)
def _nobody_has_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people of the same number in different tests be different people."""
    from flows.commands import work_budget

    monkeypatch.setattr(work_budget, "_budgets", work_budget.WorkBudgets())


def _arranged(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[None]:
    """What many tests find in the database, made once: each of them runs in a savepoint within this transaction."""
    from django.db import transaction

    outermost = transaction.atomic()
    outermost._from_testcase = True  # as Django's own tests say that a block within may be durable
    with django_db_blocker.unblock(), outermost:
        yield
        transaction.set_rollback(True)


module_db = pytest.fixture(scope="module", name="module_db")(_arranged)
class_db = pytest.fixture(scope="class", name="class_db")(_arranged)
"""For fixtures of a module or a class none of whose tests is transactional; those may read what they get, no more."""


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
    with Server(workers=1) as server:
        yield server


@pytest.fixture(scope="session")
def two_servers(postgres: Postgres, redis: Redis) -> Iterator[tuple[Server, Server]]:
    """The grown installation: two processes, one PostgreSQL, one Redis, with the demo."""
    shared: dict[str, Any] = {
        "database_url": postgres.new_database(),
        "redis_url": redis.url,
        "environment": {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)},
    }
    with (
        Server(**shared) as first,
        Server(**shared, server="uvicorn", own_python=True) as second,  # with another seed of its hashes
    ):
        yield first, second


# The browser.


@pytest.fixture(scope="session")
def playwright() -> "Iterator[Playwright]":
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # the machine may be slow: what comes at once costs no more
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: "Playwright") -> "Iterator[Browser]":
    """A real Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
    yield browser
    browser.close()


def log_in(context: "BrowserContext", name: str) -> None:
    """Log in as one of the demo's people, as the login page's button does."""
    token = "t" * 32  # what is in the form and in the cookie has to be the same
    answer = context.request.post(
        "/login/demo/",
        form={"csrfmiddlewaretoken": token, "user": name},
        headers={"Cookie": f"csrftoken={token}"},
        max_redirects=0,
    )
    assert (answer.status, answer.headers["location"]) == (302, "/")


def new_context(
    browser: "Browser", name: str | None, *, on: "Server | Proxy", worker: bool = False, **options: object
) -> "BrowserContext":
    """Return a browser of a person's own, as `context_for` describes it."""
    context = browser.new_context(**{"base_url": on.url, **options})  # type: ignore[arg-type]
    if not worker:
        context.add_init_script("delete Navigator.prototype.serviceWorker")
    if name:
        log_in(context, name)
    return context


@pytest.fixture
def context_for(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Callable[..., BrowserContext]]":
    """`context_for("alice")`: a browser of her own, logged in as the demo's button does; `on=` names another server.

    It has service workers, as over https, only with `worker=True`: a hundred files kept for every test would slow all
    of them down.
    """
    contexts: list[BrowserContext] = []

    def open_context(name: str | None, *, on: "Server | Proxy | None" = None, **options: Any) -> "BrowserContext":
        contexts.append(new_context(browser, name, on=on or request.getfixturevalue("server"), **options))
        return contexts[-1]

    yield open_context
    for context in contexts:
        context.close()
