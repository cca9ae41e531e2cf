# Each command makes .venv and installs what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench models screenshots clean

# glibc gives every thread a heap of its own, and keeps them: twelve busy visitors take 284 MB with two, 321 without
run: $(VENV)/.app
	MALLOC_ARENA_MAX=2 $(BIN)/streamlit run app.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_house.py

# Every figure of speed as a ratio, measured side by side (about a quarter of an hour; best with nothing else running).
bench: $(VENV)/.dev
	$(BIN)/python -m mnistlab bench

# The shipped runs, made again (about eight minutes on two cores; needs the full set). They never see the 5,000 digits
# of the bundled sample, so that what they score there is honest.
models: $(VENV)/.app
	for name in classic-dense-512 reference-cnn; do \
	  runs=$$(mktemp -d) && \
	  MNISTLAB_RUNS=$$runs $(BIN)/python -m mnistlab train $$name --label $$name --set data.leave_out_sample=true && \
	  rm -rf models/$$name && mv $$runs/r* models/$$name && rmdir $$runs || exit 1; \
	done

# The README's pictures, of the lab as it is now (a minute or two; needs Chromium; on the full set where MNISTLAB_DATA
# names it, else on the bundled sample).
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots

$(VENV)/.app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.app

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
