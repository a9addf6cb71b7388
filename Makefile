# The two commands a newcomer needs are `make run` and `make test`.

TARGET := $(or $(CARGO_TARGET_DIR),target)
export SHIYIN_PEERS ?= $(abspath $(TARGET)/peers)
DATA ?= data
PORT ?= 8318

.PHONY: help run test bench package vectors wasm pictures fuzz lint setup

help:
	@echo 'make run     build, make an evaluation instance in $(DATA)/ and serve it on port $(PORT)'
	@echo 'make test    everything that is tested, with real peers'
	@echo 'make bench   figures beside those of peers, from one run'
	@echo 'make package a Debian package and what a container is built of, in TARGET/package'
	@echo 'make lint    licences and sources of everything that is linked (needs cargo-deny)'
	@echo 'make vectors write the test vectors anew'
	@echo 'make wasm    build the verifier for browsers anew'
	@echo 'make pictures take the pictures of both guides anew'
	@echo 'make fuzz    fuzz every parser for a minute each (needs a nightly toolchain and cargo-fuzz)'

setup:
	@command -v cargo >/dev/null || { echo 'cargo is missing: install Rust 1.95 with rustup'; exit 1; }
	@command -v cc >/dev/null && command -v cmake >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq build-essential cmake; } || \
		{ echo 'install a C compiler and cmake: apt-get install build-essential cmake'; exit 1; }

run: setup
	cargo build --release --locked -p shiyin
	@[ -d $(DATA) ] || $(TARGET)/release/shiyin init --evaluation --data $(DATA)
	@exec $(TARGET)/release/shiyin serve --data $(DATA) --listen 127.0.0.1:$(PORT)

test: setup
	@! command -v rustup >/dev/null || rustup target add wasm32-unknown-unknown
	scripts/peers
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo run --quiet --locked -p xtask -- wasm --check
	cargo test --workspace --locked
	PYTHONDONTWRITEBYTECODE=1 SHIYIN=$(TARGET)/debug/shiyin $(SHIYIN_PEERS)/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile e2e

bench: setup
	scripts/peers
	cargo build --release --locked -p shiyin
	cargo run --release --locked -p xtask -- bench

lint:
	@command -v cargo-deny >/dev/null || { echo 'cargo-deny is missing: cargo install cargo-deny --locked'; exit 1; }
	cargo deny check bans licenses sources

package: setup
	cargo build --release --locked -p shiyin
	scripts/package $(TARGET)/release/shiyin $(TARGET)/package

vectors:
	cargo run --locked -p xtask -- vectors

wasm:
	cargo run --locked -p xtask -- wasm

pictures:
	cargo build --locked -p shiyin
	PYTHONDONTWRITEBYTECODE=1 SHIYIN=$(TARGET)/debug/shiyin GUIDE_PICTURES=docs/guide/pictures OPERATOR_PICTURES=docs/operator/pictures $(SHIYIN_PEERS)/bin/python -m pytest -q -p no:cacheprovider e2e -k pictures

fuzz:
	for target in $$(cargo +nightly fuzz list); do \
		mkdir -p fuzz/corpus/$$target; \
		cargo +nightly fuzz run $$target fuzz/corpus/$$target vectors/tokens vectors/requests vectors/pki vectors/public/tokens vectors/public/pki $$(ls -d fuzz/seeds/$$target 2>/dev/null) -- -max_total_time=60 || exit 1; \
	done
