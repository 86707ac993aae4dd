# Everything that is done with the source tree, from a fresh clone on: `make help`.
#
# Each target makes what it needs first, once: environments and build products are files or
# stamps under .venv, node_modules, build and dist, remade only when what they come from changes.

PYTHON ?= python3
ARGS ?=
SCENARIOS ?=
REPS ?=
PEER_VERSION := 5.0.4
JSD_VERSION := 0.3.3
# Empty packages that stand for parts of this one, so that pip does not install the published ones.
STUBS := jupyter-server-ydoc jupyter-docprovider jupyter-collaboration-ui

STEP := scripts/step
# The same for what people want to watch: tests, checks and measurements.
WATCH := scripts/step -v
PIP_INSTALL := -m pip --disable-pip-version-check install -qq --progress-bar off
JUPYTER := "jupyterlab>=4.6,<5" "notebook>=7.6,<8"

WHEEL_ENV := build/wheel-env
DOCS_ENV := build/docs-env
BENCH_OURS := build/bench-ours
BENCH_PEER := build/bench-peer
BENCH_JSD := build/bench-jsd
BENCH_NODE := build/bench-node

VENV_STAMP := .venv/.stamp-python
NODE_STAMP := .venv/.stamp-node
NODE_MODULES := node_modules/.yarn-state.yml
LIB_STAMP := build/stamps/lib
FRONT_END := jupyter_collaboration/labextension/package.json
WHEEL_STAMP := build/stamps/wheel
WHEEL_ENV_STAMP := $(WHEEL_ENV)/.stamp
CHROMIUM_STAMP := build/stamps/chromium
FIREFOX_STAMP := build/stamps/firefox

TS_SOURCES := $(shell find packages/*/src packages/*/style packages/*/schema 2>/dev/null)
TS_PROJECTS := package.json tsconfigbase.json $(wildcard packages/*/package.json packages/*/tsconfig.json)
PY_SOURCES := $(shell find jupyter_collaboration jupyter_server_ydoc jupyter-config -name labextension -prune \
	-o -type f ! -name '*.pyc' -print 2>/dev/null)

export PYTHON SCENARIOS REPS
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The tests use a Chromium of the system: see scripts/find-chromium.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help lab dev wheel docs test lint test-python test-pythons fuzz mutate test-ts test-yjs test-ui test-firefox test-chat test-extensions screenshots bench bench-report bench-scale bench-ui soak stalls evidence clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/##/' | awk -F'## *' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo
	@echo "  ARGS=... is passed on to what lab, test-python, fuzz, mutate, test-ts, test-ui and bench run;"
	@echo "  SCENARIOS=... and REPS=... choose what bench measures; PYTHON=... is the Python to use."

lab: $(WHEEL_ENV_STAMP)  ## Start JupyterLab on examples/, from the built wheel
	@echo "==> Starting JupyterLab on examples/ (Ctrl-C twice ends it); open the URL below, in two browsers"
	@$(WHEEL_ENV)/bin/python -m jupyterlab examples --no-browser --log-level=WARN \
		$$([ "$$(id -u)" = 0 ] && echo --allow-root) $(ARGS)

dev: $(LIB_STAMP)  ## Install the source tree into .venv, editable, and link the front end
	@$(STEP) "Building the front end for development" jlpm build
	@$(STEP) "Installing the source tree into .venv, editable" \
		.venv/bin/python $(PIP_INSTALL) --no-build-isolation -e .
	@touch -t 200001010000 $(FRONT_END)  # no production build: the next wheel makes one
	@$(STEP) "Linking the front end into .venv" .venv/bin/jupyter-builder develop . --overwrite
	@echo "==> Start it with: .venv/bin/jupyter lab examples   (and '.venv/bin/jlpm watch' beside it)"

wheel: $(WHEEL_STAMP)  ## Build the wheel and the empty packages beside it into dist/
	@ls -l dist/*.whl

docs: $(DOCS_ENV)/.stamp  ## Build the documentation into build/docs
	@$(STEP) "Building the documentation" \
		$(DOCS_ENV)/bin/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "==> Open build/docs/index.html"

test:  ## Run everything below: lint, and the Python, TypeScript and browser tests, also with jupyterlab-chat
	@MAKE="$(MAKE)" $(PYTHON) scripts/run_all.py lint test-python test-ts test-ui test-chat

lint: $(LIB_STAMP)  ## Check style, formatting and types of everything
	@code=0; \
	$(WATCH) "Python: ruff check" ruff check . || code=1; \
	$(WATCH) "Python: ruff format" ruff format --check . || code=1; \
	$(WATCH) "Python: mypy" mypy --strict jupyter_collaboration jupyter_server_ydoc || code=1; \
	$(WATCH) "TypeScript: prettier, eslint, stylelint" jlpm lint || code=1; \
	$(WATCH) "Browser tests: tsc" jlpm tsc --noEmit -p ui-tests || code=1; \
	$(WATCH) "Pages of the fuzz: tsc" jlpm tsc --noEmit -p tests/fuzz/node || code=1; \
	$(WATCH) "Examples of the documentation: tsc" jlpm tsc -p docs/examples || code=1; \
	exit $$code

test-python: $(VENV_STAMP) $(NODE_MODULES)  ## Run the tests of the server
	@PYTHONPATH="$(CURDIR)" $(WATCH) "Python tests" .venv/bin/python -m pytest tests -n 2 --dist worksteal $(ARGS)

test-pythons: $(WHEEL_STAMP) $(VENV_STAMP)  ## Run tests with all versions of Python that are found, or that uv can bring, and of jupyter_ydoc (slow)
	@$(WATCH) "Tests with several versions of Python" .venv/bin/python scripts/pythons.py $(ARGS)

fuzz: $(VENV_STAMP) $(NODE_MODULES)  ## Run random plans until stopped (Ctrl-C), ARGS=--sockets with real servers and pages; those that fail are kept in build/fuzz/
	@cd tests && PYTHONPATH="$(CURDIR):$(CURDIR)/tests:$(CURDIR)/benchmarks" ../.venv/bin/python -m fuzz $(ARGS)

mutate: $(VENV_STAMP)  ## Bring known bugs back, one at a time, and see that the tests catch each
	@$(WATCH) "Mutations" .venv/bin/python scripts/mutate.py $(ARGS)

test-ts: $(LIB_STAMP)  ## Run the unit tests of the front end
	@$(WATCH) "TypeScript tests" jlpm test $(ARGS)

test-yjs: $(LIB_STAMP)  ## Run these unit tests with the lowest and the highest Yjs that JupyterLab may bring
	@$(WATCH) "TypeScript tests with several versions of Yjs" .venv/bin/python scripts/yjs_versions.py $(ARGS)

test-ui: $(WHEEL_ENV_STAMP) $(NODE_MODULES) $(CHROMIUM_STAMP)  ## Run the browser tests, against the built wheel
	@COLLAB_PYTHON="$(CURDIR)/$(WHEEL_ENV)/bin/python" CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" \
		$(WATCH) "Browser tests" jlpm workspace @jupyter/collaboration-ui-tests test $(ARGS)

test-firefox: $(WHEEL_ENV_STAMP) $(NODE_MODULES) $(FIREFOX_STAMP)  ## Run the basic browser tests in Firefox
	@COLLAB_PYTHON="$(CURDIR)/$(WHEEL_ENV)/bin/python" FIREFOX_PATH="$$(cat $(FIREFOX_STAMP))" \
		$(WATCH) "Browser tests in Firefox" \
		jlpm workspace @jupyter/collaboration-ui-tests test --config playwright.firefox.config.ts $(ARGS)

test-chat: $(WHEEL_STAMP) $(VENV_STAMP) $(NODE_MODULES) $(CHROMIUM_STAMP)  ## Run the tests with jupyterlab-chat, the fast part of test-extensions
	@$(STEP) "Creating an environment with jupyterlab-chat" .venv/bin/python scripts/extension_envs.py chat
	@CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" $(WATCH) "Tests with jupyterlab-chat" \
		jlpm workspace @jupyter/collaboration-ui-tests test --config playwright.extensions.config.ts chat

test-extensions: $(WHEEL_STAMP) $(VENV_STAMP) $(NODE_MODULES) $(CHROMIUM_STAMP)  ## Run the tests with other packages, in environments of their own (slow)
	@$(WATCH) "Creating environments with other packages (build/extensions)" \
		.venv/bin/python scripts/extension_envs.py
	@$(WATCH) "Comparing what is public with jupyter-collaboration $(PEER_VERSION)" \
		.venv/bin/python scripts/compare_surface.py \
		build/extensions/oracle/bin/python build/extensions/published/bin/python
	@$(WATCH) "The published package's own server tests" .venv/bin/python scripts/published_tests.py
	@$(WATCH) "Installing as docs/installation.md says (build/installs)" .venv/bin/python scripts/install_flows.py
	@CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" $(WATCH) "Tests with other packages" \
		jlpm workspace @jupyter/collaboration-ui-tests test --config playwright.extensions.config.ts $(ARGS)

screenshots: $(WHEEL_ENV_STAMP) $(NODE_MODULES) $(CHROMIUM_STAMP)  ## Take the pictures of the README and the documentation again (docs/images)
	@COLLAB_PYTHON="$(CURDIR)/$(WHEEL_ENV)/bin/python" CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" \
		COLLAB_SCREENSHOTS="$(CURDIR)/docs/images" \
		$(STEP) "Taking pictures" jlpm workspace @jupyter/collaboration-ui-tests test screenshot
	@COLLAB_PYTHON="$(CURDIR)/$(WHEEL_ENV)/bin/python" CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" \
		COLLAB_SCREENSHOTS="$(CURDIR)/docs/images/states" \
		$(STEP) "Taking pictures of all states" jlpm workspace @jupyter/collaboration-ui-tests test \
			--config playwright.screenshots.config.ts $(ARGS)
	@$(STEP) "Compressing the pictures" \
		$(WHEEL_ENV)/bin/python scripts/compress_pictures.py docs/images docs/images/states

bench: $(BENCH_OURS)/.stamp $(BENCH_PEER)/.stamp $(VENV_STAMP) bench-ui  ## Measure the built wheel, in a browser and beside the published peer
	@$(WATCH) "Benchmarks" .venv/bin/python scripts/bench.py \
		$(BENCH_OURS)/bin/python $(BENCH_PEER)/bin/python $(ARGS)

bench-report: $(BENCH_OURS)/.stamp $(BENCH_PEER)/.stamp $(BENCH_JSD)/.stamp $(BENCH_NODE)/.stamp $(VENV_STAMP)  ## Measure all servers in one run, and write docs/benchmarks.md (slow)
	@PYTHONPATH="$(CURDIR)/benchmarks" $(WATCH) "Benchmarks of all servers" .venv/bin/python scripts/bench_report.py \
		$(BENCH_OURS)/bin/python $(BENCH_PEER)/bin/python $(BENCH_JSD)/bin/python $(BENCH_NODE) $(ARGS)

bench-ui: $(WHEEL_ENV_STAMP) $(NODE_MODULES) $(CHROMIUM_STAMP)  ## Measure what a browser shows, with many people and a long history
	@COLLAB_PYTHON="$(CURDIR)/$(WHEEL_ENV)/bin/python" CHROMIUM_PATH="$$(cat $(CHROMIUM_STAMP))" \
		$(WATCH) "Benchmarks in a browser" jlpm workspace @jupyter/collaboration-ui-tests bench $(ARGS)

bench-scale: $(BENCH_OURS)/.stamp $(BENCH_JSD)/.stamp $(BENCH_NODE)/.stamp $(VENV_STAMP)  ## Measure up to 1,000 people, and draw docs/images/scale.svg (slow)
	@PYTHONPATH="$(CURDIR)/benchmarks" $(WATCH) "Benchmark of many people" .venv/bin/python scripts/scale_report.py \
		ours=$(BENCH_OURS)/bin/python JSD=$(BENCH_JSD)/bin/python \
		YW=y-websocket:$$(command -v node):$(CURDIR)/$(BENCH_NODE) $(ARGS)

soak: $(BENCH_OURS)/.stamp $(VENV_STAMP)  ## Work for an hour with everything at once, and see that memory stays flat
	@PYTHONPATH="$(CURDIR)/benchmarks" $(WATCH) "An hour of mixed work" .venv/bin/python -m rtcbench \
		--server ours=$(CURDIR)/$(BENCH_OURS)/bin/python --scenario soak --reps 1 --limit 4000 --json build/soak.json $(ARGS)

stalls: $(BENCH_OURS)/.stamp $(VENV_STAMP)  ## Measure how long others wait while large documents are used
	@$(WATCH) "Waits beside large documents" .venv/bin/python scripts/stalls.py $(BENCH_OURS)/bin/python $(ARGS)

evidence: $(BENCH_OURS)/.stamp $(BENCH_PEER)/.stamp $(VENV_STAMP) $(NODE_MODULES)  ## Show what is lost after kills, beside the published peer, and what the tests catch
	@.venv/bin/python scripts/evidence.py $(BENCH_OURS)/bin/python $(BENCH_PEER)/bin/python $(ARGS)

clean:  ## Remove all that was built or installed here
	rm -rf .venv build dist node_modules jupyter_collaboration/labextension
	rm -rf packages/*/lib packages/*/tsconfig.tsbuildinfo ui-tests/test-results ui-tests/playwright-report
	rm -rf .mypy_cache .ruff_cache .pytest_cache

# Environments

$(VENV_STAMP): pyproject.toml scripts/requirements.py scripts/make-venv
	@$(STEP) "Creating the Python environment (.venv)" scripts/make-venv .venv
	@mkdir -p build && .venv/bin/python scripts/requirements.py dev test bench >build/requirements.txt
	@$(STEP) "Installing what development and tests need into .venv" \
		.venv/bin/python $(PIP_INSTALL) -r build/requirements.txt
	@touch $@

$(NODE_STAMP): $(VENV_STAMP) scripts/ensure-node
	@$(STEP) "Looking for Node" scripts/ensure-node
	@touch $@

$(NODE_MODULES): $(NODE_STAMP) package.json $(wildcard packages/*/package.json) ui-tests/package.json yarn.lock .yarnrc.yml
	@$(STEP) "Installing the JavaScript packages (node_modules)" jlpm install
	@touch $@

$(CHROMIUM_STAMP): scripts/find-chromium
	@mkdir -p build/stamps
	@$(STEP) "Looking for Chromium" sh -c 'scripts/find-chromium --install >$@'

$(FIREFOX_STAMP): scripts/find-firefox
	@mkdir -p build/stamps
	@$(STEP) "Looking for Firefox" sh -c 'scripts/find-firefox --install >$@'

$(WHEEL_ENV_STAMP): $(WHEEL_STAMP)
	@$(STEP) "Creating a fresh environment for the wheel ($(WHEEL_ENV))" scripts/make-venv $(WHEEL_ENV)
	@$(STEP) "Installing the wheel with JupyterLab and Notebook" \
		$(WHEEL_ENV)/bin/python $(PIP_INSTALL) dist/*.whl $(JUPYTER) ipykernel matplotlib pandas
	@touch $@

$(DOCS_ENV)/.stamp: pyproject.toml scripts/requirements.py
	@$(STEP) "Creating an environment for the documentation ($(DOCS_ENV))" scripts/make-venv $(DOCS_ENV)
	@$(PYTHON) scripts/requirements.py --only docs >build/requirements-docs.txt
	@$(STEP) "Installing Sphinx" $(DOCS_ENV)/bin/python $(PIP_INSTALL) -r build/requirements-docs.txt
	@touch $@

$(BENCH_OURS)/.stamp: $(WHEEL_STAMP)
	@$(STEP) "Creating an environment for our server ($(BENCH_OURS))" scripts/make-venv $(BENCH_OURS)
	@$(STEP) "Installing the wheel" $(BENCH_OURS)/bin/python $(PIP_INSTALL) dist/*.whl $(JUPYTER)
	@touch $@

$(BENCH_PEER)/.stamp: Makefile
	@$(STEP) "Creating an environment for the published peer ($(BENCH_PEER))" scripts/make-venv $(BENCH_PEER)
	@$(STEP) "Installing jupyter-collaboration $(PEER_VERSION)" \
		$(BENCH_PEER)/bin/python $(PIP_INSTALL) jupyter-collaboration==$(PEER_VERSION) $(JUPYTER)
	@touch $@

$(BENCH_JSD)/.stamp: Makefile
	@$(STEP) "Creating an environment for jupyter-server-documents ($(BENCH_JSD))" scripts/make-venv $(BENCH_JSD)
	@$(STEP) "Installing jupyter-server-documents $(JSD_VERSION)" \
		$(BENCH_JSD)/bin/python $(PIP_INSTALL) jupyter-server-documents==$(JSD_VERSION) $(JUPYTER)
	@touch $@

$(BENCH_NODE)/.stamp: Makefile $(NODE_STAMP)
	@mkdir -p $(BENCH_NODE) && echo '{"private": true}' >$(BENCH_NODE)/package.json
	@$(STEP) "Installing Hocuspocus and @y/websocket-server ($(BENCH_NODE))" \
		npm install --prefix $(BENCH_NODE) --silent @hocuspocus/server@4 @y/websocket-server@0.1.1
	@touch $@

# Build products

$(LIB_STAMP): $(NODE_MODULES) $(TS_PROJECTS) $(TS_SOURCES)
	@$(STEP) "Compiling the TypeScript packages" jlpm tsc -b packages/collaboration-extension
	@mkdir -p $(@D) && touch $@

$(FRONT_END): $(LIB_STAMP)
	@rm -rf $(@D)
	@$(STEP) "Building the front end" jlpm build:prod
	@touch $@

# hatch-jupyter-builder leaves a front end alone that is there already, so it is built before.
$(WHEEL_STAMP): $(FRONT_END) $(PY_SOURCES) $(wildcard stubs/*/*) pyproject.toml install.json README.md LICENSE
	@rm -rf dist
	@$(STEP) "Building the wheel" .venv/bin/python -m build --wheel --no-isolation --outdir dist .
	@for name in $(STUBS); do $(STEP) "Building the empty package $$name" \
		.venv/bin/python -m build --wheel --no-isolation --outdir dist stubs/$$name || exit 1; done
	@touch $@
