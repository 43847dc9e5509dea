# Short commands for people; the build itself is CMake and Ninja in build/.
#
#   make demo      data from real pictures, two models trained and compared, demo/out/report.html
#   make test      everything is built and tested
#
# Variables: BUILD=build  PREFIX=/usr/local  PROGRAM_PREFIX=  LIBTORCH=/path  ARROWCPP=/path  DEMO=smoke  JOBS=N
BUILD ?= build
PREFIX ?= /usr/local
PROGRAM_PREFIX ?=
JOBS ?= $(shell nproc)
export LIBTORCH ARROWCPP

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja: | deps
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS)

deps:
	@scripts/install-deps

programs: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -j $(JOBS) programs

demo: programs
	@demo/run $(BUILD)

test: all
	@tests/run $(BUILD)

bench: all
	@bench/run $(BUILD)

install: programs
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DPROGRAM_PREFIX=$(PROGRAM_PREFIX) >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) programs
	@cmake --install $(BUILD) --prefix $(PREFIX) >/dev/null
	@echo "installed in $(PREFIX)"

lint: $(BUILD)/build.ninja
	@scripts/lint

sanitize: deps
	@$(MAKE) --no-print-directory test BUILD=build-sanitize CMAKE_FLAGS="-DLIP_SANITIZE=ON"

fuzz: deps
	@scripts/fuzz

man: programs
	@scripts/make-man $(BUILD)

update-cases: all
	@tests/run_cases --update $(BUILD)

clean:
	@rm -rf $(BUILD) build-sanitize build-fuzz demo/out

.PHONY: all programs deps demo test bench install lint sanitize fuzz man update-cases clean
