# Thin: each target works from a bare clone. Choose the Python with: make PYTHON=python3.12 lab
# LOCKED=1 installs the exact versions of locked/; TORCH=cpu|cuda|default says which PyTorch.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install lab demo check test classroom answers bench build site
install:
	@$(PYTHON) --version >/dev/null 2>&1 || { echo "The course needs Python 3.10 or newer: '$(PYTHON)' was not found."; exit 1; }
	@$(PYTHON) bootstrap.py

lab: install      ## learn: JupyterLab on the lesson that you saved last
	@$(BIN)/course lab

demo: install     ## teach: a class of twelve, generated, graded and reported
	@$(BIN)/course demo

check: install    ## format, lint, types, spelling and terms, in seconds; pre-commit runs the same
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --config-file nbjudge/pyproject.toml nbjudge/src
	@git ls-files -z '*.md' '*.py' '*.toml' '*.yml' | xargs -0 $(BIN)/codespell
	@$(BIN)/python -m tests.support.words
	@$(BIN)/vermin --quiet --no-tips --violations --target=3.10- --exclude long course nbjudge/src locked bootstrap.py

test: check       ## make check, then the tests, on two cores
	@$(BIN)/python -m pytest -n 2

.PHONY: short pythons lock dist
short: install    ## a part of the tests, for one more Python or system: some minutes
	@$(BIN)/python -m pytest -n 2 tests/course/checking tests/course/vision tests/test_documents.py \
		nbjudge/tests/planning nbjudge/tests/test_quickstart.py nbjudge/tests/sandbox/test_shell.py

pythons: install  ## the engine's part of these on each Python from 3.10 that is installed here
	@$(BIN)/python -m tests.support.pythons

lock: install     ## the versions that are installed here, with hashes, into locked/
	@$(BIN)/python -m locked.renew

dist: install     ## into dist/: the learners' bundle, and nbjudge's wheel and source archive
	@rm -f dist/nbjudge-*
	@$(BIN)/python -m build --quiet --outdir dist nbjudge
	@$(BIN)/twine check --strict dist/nbjudge-*
	@$(BIN)/course bundle

classroom: install  ## a class on a real JupyterHub: its packages (20 MB), then its tests; needs Node.js
	@command -v npm >/dev/null || { echo "The hub's proxy needs Node.js and npm: on Debian, apt-get install nodejs npm"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check -e nbjudge -e ".[hub]"
	@npm install --silent --no-audit --no-fund --prefix deploy
	@$(BIN)/python -m pytest tests/deploy

answers: install  ## every wrong and every unusual right answer through nbgrader: the kill matrix
	@$(BIN)/course answers
	@$(BIN)/python -m tests.support.whole_lesson

bench: install    ## the same class with stock nbgrader and with ours: time, memory, marks
	@$(BIN)/course bench

build: install    ## notebooks, release and solutions from the lessons' text
	@$(BIN)/course build

site: install     ## all lessons, documents and the API as web pages, in build/site/html; no network
	@$(BIN)/python -c "import myst_nb, pydata_sphinx_theme" 2>/dev/null || \
		$(BIN)/pip install --quiet --disable-pip-version-check -e nbjudge -e ".[site]"
	@$(BIN)/python -m course.authoring.site
