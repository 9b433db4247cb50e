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
CHANCE = $(shell grep -rl "from tests.nightly import" tests --include='test_*.py')
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What reads the same on any database runs on SQLite alone: drawing, the description of the API, what it answers to anything.
ONCE := $(addprefix --ignore=tests/,admin api/test_description.py api/test_protocol_doc.py api/test_schemathesis.py bench document ops) \
	$(addprefix --ignore=tests/pages/test_,editor.py empty_forms.py fragments.py inspector.py offline.py rendering.py templates.py)

.PHONY: install run test ready static lint types checks unit postgres javascript browser messages nightly soak bench lock clean

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
	@$(PIP) --no-deps --only-binary :all: -r requirements-minify.lock || echo "No minifier for this platform: scripts and sheets are served unminified."
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
	$(BIN)/python -m compileall -q helix flows sessions accounts web tests bench manage.py
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# Everything but the browser, on SQLite; real servers, PostgreSQL and Redis where a test asks for them.
unit: $(VENV)/installed-for-tests
	$(PYTEST) $(PARALLEL) -m "not browser"

# What depends on the database once more, on a real PostgreSQL with a database for each worker; all go with the server.
postgres: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.postgres $(PYTEST) $(PARALLEL) --reuse-db -m "database and not browser and not sqlite" $(ONCE)

# The browser's modules that need no browser, in the Node that Playwright brings along.
javascript: $(VENV)/installed-for-tests
	$(NODE) --test tests/js/*.test.js

browser: $(VENV)/chromium
	$(PYTEST) $(PARALLEL) -m browser

# The tests of chance at length, from a seed that is the date, in a whole Chromium where there is one; then an hour of
# soak. `make nightly SEED=7` does one again.
nightly: SEED := $(shell date +%Y%m%d)
nightly: export HELIX_NIGHTLY := 1
nightly: export HELIX_SEED = $(SEED)
nightly: export CHROMIUM = $(wildcard /usr/bin/chromium)
nightly: $(VENV)/chromium
	@echo "SEED=$(SEED)"
	$(PYTEST) $(PARALLEL) --hypothesis-seed=$(SEED) $(CHANCE)
	$(BIN)/python -m tests.postgres $(PYTEST) $(PARALLEL) --reuse-db -m database --hypothesis-seed=$(SEED) $(CHANCE)
	$(MAKE) soak MINUTES=60 SEED=$(SEED)

# Bring the catalogues in locale/ up to date with the source, compile them, and say what is not translated.
messages: $(VENV)/installed-for-tests
	DJANGO_SETTINGS_MODULE=helix.settings $(BIN)/python -m tests.texts.catalogues

# Two real processes with a bad network and kills, for as long as one likes: `make soak MINUTES=60 SEED=7`.
MINUTES ?= 10
soak: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.hostile.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# Measure speed: minutes on a quiet machine; with the servers of others after `bench/install`. See docs/performance.md.
bench: $(VENV)/installed-for-tests
	$(BIN)/python -m bench.run

# Resolve anew what pyproject.toml allows; portable, hashed, without addresses.
lock: $(VENV)/installed-for-tests
	$(BIN)/uv pip compile --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@(sed -n 1p requirements-minify.lock; $(BIN)/uv pip compile --quiet --upgrade --no-emit-find-links --no-emit-index-url --generate-hashes --python-version 3.11 --extra minify -c requirements.lock pyproject.toml \
	  | sed -n '/^tdewolff-minify==/,/# via/p' | grep -v '# via') > requirements-minify.lock.new && mv requirements-minify.lock.new requirements-minify.lock
	@(sed -n 1p requirements-build.lock; sed -n '/^setuptools==/,/# via/p' requirements-dev.lock | grep -v '# via') > requirements-build.lock.new && mv requirements-build.lock.new requirements-build.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
