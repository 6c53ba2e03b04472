# What a newcomer types. Each target prepares what it needs; none needs root.
#
#   make demo     the example hub, at http://127.0.0.1:8000/ (PORT= moves it)
#   make test     the newest supported versions whole, the oldest end to end
#   make test-all everything on both
#   make lint, make bench, make docs, make clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: install install-oldest demo test test-all lint bench docs clean

PYTHON ?= python3
PORT ?= 8000
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || true)

export CHROMIUM
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export YARN_ENABLE_TELEMETRY := 0
# as pip and npm do: trust what this machine trusts
export UV_SYSTEM_CERTS ?= 1
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.proxy/node_modules/.bin:$(PATH)
unexport VIRTUAL_ENV CONDA_PREFIX

UV := .venv/bin/uv pip install --quiet --python
SOURCES := $(shell git ls-files -co --exclude-standard -- src style schema package.json tsconfig.json)

# --- what the others need -------------------------------------------------------------------

install: .venv/installed .proxy/installed

.venv/created:
	@echo "Making a virtual environment in .venv …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; say which with make PYTHON=…")'
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

.venv/tools: .venv/created pyproject.toml
	@echo "Installing what the build needs …"
	@$(UV) .venv 'jupyter-builder>=1.2,<2' hatchling hatch-nodejs-version hatch-jupyter-builder
	@touch $@

node_modules/installed: .venv/tools package.json yarn.lock
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null || { echo "Node.js 20 or newer is needed to build the panel."; exit 1; }
	@echo "Installing the panel's packages …"
	@jlpm install --immutable > .venv/jlpm.log 2>&1 || { cat .venv/jlpm.log; exit 1; }
	@touch $@

.venv/built: node_modules/installed $(SOURCES)
	@echo "Building the panel …"
	@jlpm build:prod > .venv/build.log 2>&1 || { cat .venv/build.log; exit 1; }
	@touch $@

.venv/installed: .venv/built pyproject.toml
	@echo "Installing JupyterLab, JupyterHub and the project …"
	@rm -rf .venv/share/jupyter/labextensions/jupyter-2i2c
	@$(UV) .venv --no-build-isolation-package jupyter_2i2c --editable '.[dev]'
	@mkdir -p .venv/share/jupyter/labextensions .venv/etc/jupyter/jupyter_server_config.d
	@rm -rf .venv/share/jupyter/labextensions/jupyter-2i2c
	@ln -s $(CURDIR)/jupyter_2i2c/labextension .venv/share/jupyter/labextensions/jupyter-2i2c
	@ln -sf $(CURDIR)/jupyter-config/server-config/jupyter_2i2c.json .venv/etc/jupyter/jupyter_server_config.d/
	@touch $@

.proxy/installed: .ci/proxy/package.json .ci/proxy/package-lock.json
	@echo "Installing configurable-http-proxy …"
	@mkdir -p .proxy && cp .ci/proxy/package.json .ci/proxy/package-lock.json .ci/proxy/.npmrc .proxy/
	@npm ci --prefix .proxy --silent --no-audit --no-fund > .proxy/npm.log 2>&1 || { cat .proxy/npm.log; exit 1; }
	@touch $@

dist/wheel: .venv/installed $(shell git ls-files -co --exclude-standard -- jupyter_2i2c)
	@echo "Building a wheel …"
	@rm -rf dist
	@.venv/bin/python -m build --wheel --no-isolation --outdir dist . > .venv/wheel.log 2>&1 || { cat .venv/wheel.log; exit 1; }
	@touch $@

install-oldest: .venv-oldest/installed

.venv-oldest/installed: dist/wheel .ci/oldest.txt
	@echo "Installing the oldest supported versions in .venv-oldest …"
	@test -d .venv-oldest || $(PYTHON) -m venv .venv-oldest
	@$(UV) .venv-oldest --reinstall-package jupyter_2i2c --constraints .ci/oldest.txt "$$(ls $(CURDIR)/dist/*.whl)[test]"
	@touch $@

# --- what people type -----------------------------------------------------------------------

demo: install
	@exec jupyter-2i2c demo --port $(PORT)

# two at a time: much of a test is waiting for a hub or a browser
PYTEST := python -m pytest -n 2 --dist loadfile
OLDEST = PATH="$(CURDIR)/.venv-oldest/bin:$(PATH)" .venv-oldest/bin/$(PYTEST)

# browser tests by themselves: Playwright's event loop and pytest-jupyter's do not go together
test: install install-oldest
	jlpm test --ci
	@echo "The oldest supported versions, end to end:"
	$(OLDEST) -m end_to_end tests
	$(OLDEST) -m end_to_end ui-tests
	@echo "The newest supported versions:"
	.venv/bin/$(PYTEST) tests
	.venv/bin/$(PYTEST) ui-tests

# the pages are built with the newest versions only; the oldest have no Sphinx
test-all: install install-oldest
	$(MAKE) lint
	jlpm test --ci
	JUPYTER_2I2C_TEST_ALL=1 $(OLDEST) tests --deselect tests/test_docs.py::test_the_pages_build
	JUPYTER_2I2C_TEST_ALL=1 $(OLDEST) ui-tests
	JUPYTER_2I2C_TEST_ALL=1 .venv/bin/$(PYTEST) tests
	JUPYTER_2I2C_TEST_ALL=1 .venv/bin/$(PYTEST) ui-tests

lint: install
	ruff check
	ruff format --check
	mypy
	jlpm lint:check

bench: install dist/wheel
	.venv/bin/python -m bench

docs: install
	.venv/bin/python docs/build.py

clean:
	rm -rf .venv .venv-oldest .proxy node_modules .yarn lib dist tsconfig.tsbuildinfo jupyter_2i2c/labextension jupyter_2i2c/_version.py docs/_build
