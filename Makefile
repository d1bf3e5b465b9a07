# The two commands: make run, make test. Everything happens in .venv and data/.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test ui check fix bench test-next test-spark test-clients faults mutants sbom contracts
run: .venv/installed data/landing/.examples
	$(BIN)/ventetal run

ui: .venv/installed
	$(BIN)/ventetal ui

test: .venv/installed
	$(BIN)/pytest

check: .venv/installed
	@failed=0; for each in "ruff check ." "ruff format --check ." mypy "python -m assets.catalog.agreement" \
		"python -m assets.releases.dictionary --check"; do echo $(BIN)/$$each; $(BIN)/$$each || failed=1; done; exit $$failed

fix: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m assets.releases.dictionary

# The same suite on the newest DuckDB, pre-releases included: what will differ is known before it must be.
test-next: .venv-next/installed
	.venv-next/bin/pytest

# Every drawn test of a table, and every table of the example region, on Spark; Java 17 must be there. `.ci/run spark` has the short form.
test-spark: export ENGINE_TESTS ?= whole
test-spark: .venv/spark
	$(BIN)/pytest -n0

# A release read by the programs analysts use, in environments of their own.
test-clients: .venv/installed
	$(BIN)/python -m tests.clients

# Every fault of tests/faults/README.md, an hour's worth at most; root for small disks of its own. `make test` has the short form.
faults: export FAULTS := whole
faults: .venv/installed
	$(BIN)/pytest tests/faults

# Whether the drawn tests notice one small change of the SQL at a time: tests/mutants/README.md.
mutants: .venv/installed
	$(BIN)/python -m tests.mutants

# What the program is made of, for who watches for known weaknesses (CycloneDX): every package of the lock, with its hashes.
sbom: .venv-sbom/installed
	.venv-sbom/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o sbom.cdx.json

# Whether every contract is one by the standard (ODCS), as datacontract-cli finds, an independent program.
contracts: .venv-contracts/installed
	@git ls-files -z "*.odcs.yaml" > .venv-contracts/asked
	@test -s .venv-contracts/asked
	@xargs -0 -P 2 -n 1 sh -c 'said=$$(.venv-contracts/bin/datacontract lint "$$1" 2>&1); \
		case "$$said" in *"🟢"*) ;; *) echo "$$1"; echo "$$said"; exit 1;; esac' _ < .venv-contracts/asked

bench: .venv/installed
	$(BIN)/python -m tests.bench.reader
	$(BIN)/python -m tests.bench.servicedesk
	$(BIN)/python -m tests.bench.patients
	$(BIN)/python -m tests.bench.cofinancing
	$(BIN)/python -m tests.bench.load
	$(BIN)/python -m tests.bench.everything

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/spark: requirements-spark.lock .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

.venv-next/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv-next
	.venv-next/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv-next/bin/pip install --quiet --disable-pip-version-check --upgrade --pre --no-deps duckdb
	.venv-next/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Of its own: what it brings along would make every program that loads jsonschema, as Great Expectations does, over a second slower.
.venv-sbom/installed: requirements-sbom.lock
	$(PYTHON) -m venv .venv-sbom
	.venv-sbom/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sbom.lock
	@touch $@

.venv-contracts/installed: requirements-contracts.lock
	$(PYTHON) -m venv .venv-contracts
	.venv-contracts/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-contracts.lock
	@touch $@

data/landing/.examples: | .venv/installed
	$(BIN)/ventetal examples
	@touch $@
