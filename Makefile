# Two commands do everything on a fresh Debian 12 machine: `make demo` and `make test`.

SHELL := /bin/sh
# A rustup toolchain that is too old must not hide Debian's newer one.
CARGO := $(shell if command -v cargo >/dev/null && cargo --version | awk '{split($$2, v, "."); exit !(v[1] > 1 || v[2] >= 95)}'; then command -v cargo; else echo /usr/bin/cargo; fi)
WINDOWS := x86_64-pc-windows-gnu
# The modules that touch the system; pixels and pages are the same everywhere, and slow in this build.
DIFFERENT_ON_WINDOWS := platform:: custody:: credential:: installer:: ledger:: doctor:: cli::

.PHONY: demo test crash build release check bench bench-windows fixtures accuracy windows windows-check test-windows macos-check clean help

help:
	@echo "make demo      install what is missing, build, do the whole job against the practice site"
	@echo "make test      every test, with the real Tesseract, TLS and NSS"
	@echo "make crash     kill it a hundred times at every write, sync, send and receive (hours)"
	@echo "make windows   the Windows program: target/x86_64-pc-windows-gnu/stick/noticert.exe"
	@echo "make test-windows  its tests under Wine, with Wine's certificate store"
	@echo "make check     formatting, lints, documentation"
	@echo "make windows-check  the types of the Windows program; make test-windows compiles it anyway"
	@echo "make macos-check  the types of the macOS program, where its standard library or the source of it is installed"
	@echo "make bench     time and memory beside plain tesseract"
	@echo "make bench-windows  what the program of make windows takes to start and to install, under Wine"
	@echo "make accuracy  read generated letters and count errors"
	@echo "make fixtures  write fixtures/ anew"
	@echo "make release   the program for daily use: target/release/noticert"

demo:
	@.ci/setup build
	$(CARGO) build --locked
	target/debug/noticert demo

build:
	@.ci/setup build
	$(CARGO) build --locked

release:
	@.ci/setup build
	$(CARGO) build --locked --release

test:
	@.ci/setup test
	$(CARGO) test --locked -- --include-ignored

# Without Tesseract, since none of its commands reads a page: loading its libraries took most of each strike.
crash:
	@.ci/setup test
	NOTICERT_CRASH_REPEATS=100 NOTICERT_CRASH_MOMENTS=1000 $(CARGO) test --locked --no-default-features --test crash -- --nocapture

check:
	@.ci/setup test
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --lib
	@! grep -rnEi '\b(dbg!|todo|fixme|xxx)\b' src tests benches examples || { echo 'left-over marks, see above' >&2; exit 1; }

windows-check:
	@.ci/setup check
	@if $(CARGO) --version | grep -q . && rustc --print target-libdir --target $(WINDOWS) 2>/dev/null | xargs -r test -d; then \
	  PKG_CONFIG_ALLOW_CROSS=1 $(CARGO) check --locked --target $(WINDOWS); \
	else echo 'Windows type check left out: this toolchain has no $(WINDOWS) target'; fi

# Installs nothing: without the target or the source of its library it says that it was left out.
macos-check:
	CARGO=$(CARGO) .ci/for-macos check

windows:
	@.ci/setup windows
	CARGO=$(CARGO) .ci/for-windows build --profile stick
	.ci/windows-program --small target/$(WINDOWS)/stick/noticert.exe

test-windows:
	@.ci/setup windows
	tests/windows/under-wine --fresh
	CARGO=$(CARGO) .ci/for-windows test --config .ci/under-wine.toml --lib --test windows --no-run
	.ci/windows-program target/$(WINDOWS)/debug/noticert.exe
	CARGO=$(CARGO) .ci/for-windows test --config .ci/under-wine.toml --lib -- $(DIFFERENT_ON_WINDOWS)
	CARGO=$(CARGO) .ci/for-windows test --config .ci/under-wine.toml --test windows

bench-windows:
	@.ci/setup windows
	benches/windows-program

bench:
	@.ci/setup test
	$(CARGO) build --locked --release
	$(CARGO) bench --locked --bench read_a_page
	NOTICERT=target/release/noticert benches/beside-tesseract
	$(CARGO) bench --locked --bench per-terminal

accuracy:
	@.ci/setup test
	$(CARGO) run --locked --release --example measure-reading -- --pages 500

fixtures:
	@.ci/setup test
	$(CARGO) run --locked --example make-fixtures

clean:
	$(CARGO) clean
