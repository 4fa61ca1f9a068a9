# Two commands do everything on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
# They create .venv and install into it by themselves; from the second run on they need no network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
COMPILED := .venv-compiled
# it breaks our own verifier to see whether that is noticed: machine code cannot be broken so
UNPATCHABLE := --deselect tests/mutation/test_mutation.py::test_a_verifier_that_checks_no_signature_is_found_out
COMPILED_TESTS := $(addprefix tests/,codec wire crypto verify sign policy conformance mutation api flows)

.PHONY: demo test test-compiled check fix docs bench bench-peers interop interop-real cosign-e2e conformance slsa-corpus clean
.DELETE_ON_ERROR:

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pycosign needs Python 3.11 or newer: make PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --editable .
	touch $@

$(VENV)/.test: $(VENV)/.ready
	$(PIP) install --group test
	touch $@

$(VENV)/.check: $(VENV)/.test
	$(PIP) install --group check
	touch $@

demo: $(VENV)/.ready  ## sign, verify and tamper with a real image on a Sigstore of its own
	$(BIN)/pycosign demo

test: $(VENV)/.test  ## every test that needs nothing but Python; peers' tests are skipped visibly
	$(PYTEST) -n 2 --dist loadfile -q

# What `PYCOSIGN_COMPILE=1 pip install .` gives, in an environment of its own; needs a C compiler.
$(COMPILED)/.ready: $(VENV)/.ready hatch_build.py $(shell find src -name '*.py')
	$(PYTHON) -m venv $(COMPILED)
	$(COMPILED)/bin/python -m pip --disable-pip-version-check --quiet install --upgrade 'pip>=25.1'
	PYCOSIGN_COMPILE=1 $(COMPILED)/bin/python -m pip --disable-pip-version-check --quiet install .
	$(COMPILED)/bin/python -m pip --disable-pip-version-check --quiet install --group test
	touch $@

test-compiled: $(COMPILED)/.ready  ## the tests of what is compiled, and of what stands on it, on the compiled build
	$(COMPILED)/bin/python -m pytest -n 2 --dist loadfile -q -p no:cacheprovider $(COMPILED_TESTS) $(UNPATCHABLE)

check: $(VENV)/.check  ## lint, types, import contract, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

fix: $(VENV)/.check  ## format, sort imports, write the generated documents again
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m docs.generate

bench: $(VENV)/.test  ## ratios against the peers that are installed
	$(BIN)/python -m bench
	@if command -v cc >/dev/null; then $(MAKE) $(COMPILED)/.ready && $(COMPILED)/bin/python -m bench verify warm import batch; \
	else echo 'the compiled build: SKIPPED, there is no C compiler'; fi

bench-peers: $(VENV)/.test  ## installs the verifiers that `make bench` stands beside: needs Go and Node
	$(BIN)/python -m bench.peers

interop: $(VENV)/.test  ## real Cosign 3 and 2 against ours, and the other way round; builds them with Go
	$(BIN)/python -m tests.interop

interop-real: $(VENV)/.test  ## pycosign as the client of the real services: make interop-real REAL=DIR/real.json
	$(BIN)/python -m tests.interop.real $(REAL)

cosign-e2e: $(VENV)/.ready  ## Cosign's own end-to-end tests against our stack: make cosign-e2e SRC=DIR
	$(BIN)/python -m tests.interop.cosign_e2e $(SRC)

conformance: $(VENV)/.test  ## sigstore-conformance's own tests with our command: make conformance SUITE=DIR
	$(BIN)/python -m tests.conformance $(SUITE)

slsa-corpus: $(VENV)/.test  ## slsa-verifier's test data, judged offline: make slsa-corpus SRC=DIR
	$(BIN)/python -m tests.conformance.slsa_verifier $(SRC)

clean:
	rm -rf $(VENV) $(COMPILED) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
