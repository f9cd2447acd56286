# make demo   a company to look at, on an embedded PostgreSQL
# make serve  the service, on DATABASE_URL where it is set
# make test   every check: style, types, rooms, tests; the ledger's on PostgreSQL 15 too
# make test-old  the ledger's tests on an older PostgreSQL alone (15 on Debian 12)
# make bench  the benchmarks, each beside its raw-PostgreSQL reference
# make reference  20,000 random contracts, months, amendments and returns against the independent calculator
# make soak   the promises for as long as told: MINUTES=10 SEED=…
# make lint   style and types alone
# make env    the environment alone; PYTHON=… names the interpreter

.PHONY: demo serve test test-old reference soak bench lint env lock schema
.DEFAULT_GOAL := demo
export PYTHON
PYTEST_ARGS ?=
MINUTES ?= 10

demo: env
	@exec ./tallystick demo

serve: env
	@exec ./tallystick serve

test: lint
	.venv/bin/python -m pytest -n 2 --durations=15 $(PYTEST_ARGS)
	$(if $(PYTEST_ARGS),,@$(MAKE) --no-print-directory test-old)

test-old: env
	.venv/bin/python -m tests.soak.old_postgres .venv/bin/python -m pytest -q -n 2 \
		-m "postgres and not slow" --ignore=tests/ledger/test_restore.py \
		tests/ledger tests/projections/test_runner.py tests/projections/test_rebuild.py

reference: env
	TALLYSTICK_REFERENCE_EXAMPLES=20000 .venv/bin/python -m pytest -n 2 tests/reference

soak: env
	.venv/bin/python scripts/soak.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

bench: env
	.venv/bin/python -m bench

lint: env
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

env:
	@sh scripts/make_env.sh

lock: env
	sh scripts/make_lock.sh

schema: env
	.venv/bin/python scripts/dump_schema.py --write
