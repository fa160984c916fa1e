# Everything a developer does. Each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types contracts unit simulate freeze package package-windows lock clean

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --no-index -e .
	touch $@

demo: $(READY)
	$(BIN)/python -m csr_desktop demo

test: lint types contracts unit

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

# Three workers for two cores: tests of real processes wait a third of their time. What failed beside others is tried
# once more, alone: clocks on a busy machine. It has to pass then.
unit: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 3 --dist loadgroup tests || \
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --last-failed --last-failed-no-failures none tests

# For hours: make simulate FIRST=5000 COUNT=100000. On PostgreSQL a tenth of the seeds.
FIRST ?= 0
COUNT ?= 5000
simulate: $(READY)
	$(BIN)/python -m tests.sync.nth_failure
	$(BIN)/python -m tests.sync.failing_disk
	$(BIN)/python -m tests.sync.run_simulation $(FIRST) $(COUNT)
	$(BIN)/python -m tests.sync.run_simulation $(FIRST) $$(($(COUNT) / 10)) --postgresql

# The same input gives the same bytes, whenever and wherever it is built.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)
freeze package package-twice package-windows: export SOURCE_DATE_EPOCH := $(SOURCE_DATE_EPOCH)
freeze package package-twice package-windows: export PYTHONHASHSEED := 1

freeze: $(READY)
	$(BIN)/python packaging/icon.py build/icons
	$(BIN)/python -m PyInstaller --noconfirm --distpath build/dist --workpath build/work packaging/csr-desktop.spec

package: freeze
	$(BIN)/python packaging/guides.py build/package
	$(BIN)/python packaging/deb.py build/dist/csr-desktop build/icons build/package
	$(BIN)/python packaging/server_deb.py build/package build/work/csr-desktop-server/shipped.json
	$(BIN)/python packaging/bill.py build/work/csr-desktop/shipped.json build/runtime build/package/csr-desktop.cdx.json
	$(BIN)/python packaging/bill.py build/work/csr-desktop-server/shipped.json build/runtime-server build/package/csr-desktop-server.cdx.json
	$(BIN)/python packaging/checksums.py build/package

# Both packages for Debian, installed in bare Debians with namespaces of their own: as root, with debootstrap and Xvfb.
.PHONY: prove-package lint-package package-twice
prove-package: $(READY)
	$(BIN)/python packaging/prove_server_deb.py build/package build/bare
	$(BIN)/python packaging/prove_desk_deb.py build/package build/bare

lint-package: $(READY)
	$(BIN)/python packaging/lint_debs.py build/package build/bare

# Everything that `make package` makes for Linux, made once more elsewhere, is the same bytes.
package-twice: package
	rm -rf build/again
	$(BIN)/python packaging/icon.py build/again/icons
	$(BIN)/python -m PyInstaller --noconfirm --distpath build/again/dist --workpath build/again/work packaging/csr-desktop.spec
	diff -r --no-dereference build/dist/csr-desktop build/again/dist/csr-desktop
	$(BIN)/python packaging/deb.py build/again/dist/csr-desktop build/again/icons build/again/package
	$(BIN)/python packaging/server_deb.py build/again/package build/again/work/csr-desktop-server/shipped.json
	for made in build/again/package/*; do cmp "$$made" "build/package/$${made##*/}" || exit 1; done

# Under Wine, as root where Debian's packages are missing. Signed when a certificate is given: packaging/windows/signing.py.
package-windows: $(READY)
	.ci/packages-windows
	$(BIN)/python packaging/windows/make.py build/windows build/package
	$(BIN)/python packaging/checksums.py build/package

# Of the server's file only what it needs of the lock.
PIN := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q
lock: $(READY)
	$(PIN) --extra desk --extra server --extra build -o requirements.txt
	$(PIN) --extra server --extra build -c requirements.txt -o packaging/server/requirements.txt
	$(PIN) --extra desk --extra server --extra build --extra dev -c requirements.txt -o requirements-dev.txt

# Templates of settings for Windows, macOS and Linux, and the guide's table, from the program's own keys.
.PHONY: policy-templates
policy-templates: $(READY)
	$(BIN)/python packaging/policy/policy_files.py build/package
	$(BIN)/python packaging/policy/policy_files.py --guide

clean:
	rm -rf $(VENV) build dist *.egg-info
