# The commands of this project. `make up` and `make test` work from a clean checkout.
.PHONY: up down status install install-test test check train eval bench bench-answers bench-peers bench-models bench-search screenshots requirements

DESK = .venv/bin/rightsdesk

up: install            ## install, train if there is no model, migrate, start; Ctrl-C stops
	@$(DESK) up $(if $(PORT),--port $(PORT))

down:                  ## stop what `rightsdesk up --detach` started
	@$(DESK) down

status:                ## say what runs, and where
	@$(DESK) status

install:               ## both runtimes, from pinned and hashed requirement files
	@deploy/install.sh

install-test:
	@deploy/install.sh --test

# Processes that are started a hundred times must not compile themselves a hundred times.
test: export PYTHONDONTWRITEBYTECODE =
test: install-test     ## every test that this machine can run; says what it skipped and why; PYTEST="tests/unit -k sla"
	@.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports
	.venv/bin/python -m pytest -n auto --maxprocesses 4 --no-loadscope-reorder $(PYTEST)

check: install         ## the knowledge base
	@$(DESK) kb check

train: install         ## a new model
	@$(DESK) train

eval: install          ## understanding, measured on FILE=questions.jsonl; the page is results.html
	@$(DESK) eval $(or $(FILE),$(error FILE=questions.jsonl is missing)) --out results.jsonl

bench: bench-answers bench-peers ## everything that is measured beside others

bench-answers: install-test ## answer times, beside a stock Rasa bot in the same run
	@.venv/bin/python -m bench

bench-peers: install-test ## tickets, lists, SLA sweep beside Roundup and django-helpdesk; sockets; kill -9; QUICK=--quick
	@.venv/bin/python -m bench.peers $(QUICK)

bench-models: install  ## ways to understand and to find articles, compared; FILE=questions.jsonl adds those
	@.venv-engine/bin/python -m bench.comparison $(if $(FILE),--questions $(FILE))

bench-search: install  ## knowledge search in our articles and in 20,000 synthetic ones
	@.venv/bin/python -m bench.search

screenshots: install-test ## the pictures of the README
	@.venv/bin/python docs/screenshots.py

requirements:          ## compile the pinned requirement files anew (maintainers)
	@deploy/compile-requirements.sh
