# Short commands for people; the build itself is CMake and Ninja in build/.
#
#   make demo        data from real pictures, three models trained and compared, demo/out/report.html
#   make test        everything is built and tested
#   make reproduce-dreamlip, make reproduce-llip, make reproduce-cloc
#                    the arms of the paper on the demo's scenes, three seeds, and DreamLIP's on scenes of photographs,
#                    one seed: tables and plots (an hour and a half each; SEEDS="1 2 3" STAMP_SEEDS=1 STAMPS=DIR)
#   make reproduce-flickr8k FLICKR8K=DIR
#                    the arms on photographs with human captions, three seeds (five hours; SEEDS="1" ARMS="mpcl flair")
#   make test-peers  models, tokenizers, pixels, vectors, event files beside the libraries people use
#   make bench-quick ratios to peers in a minute, and what fell since an earlier commit (RECORD=1 keeps them)
#   make test-kills  train killed with -9 at 20 random steps (KILLS=20), resumed, compared to the byte
#   make sanitize    what needs no LibTorch, built and tested with sanitizers
#   make data-tools  recaption-ingest, split-captions and shard, without LibTorch
#
# Variables: BUILD=build  PREFIX=/usr/local  PROGRAM_PREFIX=  LIBTORCH=/path  ARROWCPP=/path  DEMO=smoke  JOBS=N
#            DATA_ONLY=1 leaves out LibTorch and all that needs it, with BUILD=build-data
BUILD ?= $(if $(DATA_ONLY),build-data,build)
PREFIX ?= /usr/local
PROGRAM_PREFIX ?=
JOBS ?= $(shell nproc)
DATA_ONLY ?=
KILLS ?= 20
export LIBTORCH ARROWCPP

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja: | deps
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) \
		$(if $(DATA_ONLY),-DLIP_DATA_ONLY=ON) $(CMAKE_FLAGS)

deps:
	@scripts/install-deps $(if $(DATA_ONLY),--without-libtorch)

programs: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) programs

data-tools:
	@$(MAKE) --no-print-directory programs DATA_ONLY=1

demo: programs
	@demo/run $(BUILD)

reproduce-flickr8k: programs
	@demo/photographs $(BUILD)

reproduce-%: programs
	@demo/reproduce $(BUILD) $*

test: all
	@tests/run $(BUILD)

test-peers: all
	@tests/run_peers $(BUILD)

test-kills: programs
	@tests/kills $(BUILD) $(KILLS)

bench: all
	@bench/run $(BUILD)

bench-quick: all
	@bench/quick $(BUILD)

install: programs
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DPROGRAM_PREFIX=$(PROGRAM_PREFIX) >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) programs
	@cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null
	@echo "installed in $(PREFIX)"

lint: $(BUILD)/build.ninja
	@scripts/lint

# LibTorch itself is not built with sanitizers, and what uses it runs for hours under them.
sanitize:
	@$(MAKE) --no-print-directory test DATA_ONLY=1 BUILD=build-sanitize CMAKE_FLAGS="-DLIP_SANITIZE=ON"

fuzz:
	@scripts/install-deps --without-libtorch
	@scripts/fuzz

man: programs
	@scripts/make-man $(BUILD)

update-cases: all
	@tests/run_cases --update $(BUILD)

clean:
	@rm -rf $(BUILD) build-data build-sanitize build-fuzz demo/out

.PHONY: all programs data-tools deps demo test test-peers test-kills bench bench-quick install lint sanitize fuzz man update-cases clean
