# shellcheck shell=bash
# What scripts/test, scripts/lint and scripts/format run, one function each.

test_venv=$LLT_CACHE/test-venv
clang_format=clang-format-16
clang_tidy=clang-tidy-16
# Debug information for line numbers only, and light optimisation: sanitizer builds then compile in half the time.
sanitizer_flags=-DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1"

cpp_files() { git -C "$LLT_ROOT" ls-files --cached --others --exclude-standard '*.cc' 'src/*.c' '*.h' | sed "s|^|$LLT_ROOT/|"; }
script_files() {
  git -C "$LLT_ROOT" ls-files --cached --others --exclude-standard scripts bench .ci tests tools | while read -r file; do
    if head -n 1 "$LLT_ROOT/$file" | grep -qaE '^#!.*\bbash|^# shellcheck shell=bash'; then echo "$LLT_ROOT/$file"; fi
  done
}

check_format() { cpp_files | xargs "$clang_format" --dry-run -Werror; }
apply_format() { cpp_files | xargs "$clang_format" -i; }
check_layers() { python3 "$lib/layers.py" "$LLT_ROOT/src"; }
check_shell() { script_files | xargs shellcheck; }
check_schema_docs() { python3 -B "$LLT_ROOT/schema/generate.py" --check-doc "$LLT_ROOT/docs/schema.md"; }

check_ui() {
  install_ui_modules
  (cd "$LLT_ROOT/ui" && with_node npm run --silent check)
}

# tidy_one FILE: clang-tidy on one file, unless it passed before with the same sources and settings. A file for
# which no time is left ($tidy_until) is noted in $LLT_CACHE/tidy/left.
tidy_one() {
  local key passed=$LLT_CACHE/tidy
  key=$( (cat "$LLT_ROOT/.clang-tidy" "$1"; tidy_headers "$1") | sha256sum | cut -d' ' -f1)
  [[ -e $passed/$key ]] && return 0
  if ((tidy_until > 0 && $(date +%s) > tidy_until)); then
    echo "$1" >>"$passed/left"
    return 0
  fi
  "$clang_tidy" --quiet -p "$LLT_ROOT/build/dev" "$1" 2>/dev/null || { echo "$1: see above"; return 1; }
  : >"$passed/$key"
}
# tidy_headers FILE: the content of the headers of ours that the file includes, directly or not.
tidy_headers() {
  python3 -B "$lib/own_headers.py" "$LLT_ROOT/src" "$1" | xargs -r cat "$LLT_ROOT"/schema/*.toml
}
export -f tidy_one tidy_headers

# check_tidy SECONDS: clang-tidy on every file of ours that has not passed yet; begins none after SECONDS (0: all).
# shellcheck disable=SC2016
check_tidy() {
  # The development build compiles each file by itself, as clang-tidy wants it.
  configure dev -DLLAMATELEMETRY_TESTS=ON
  compile dev llt_schema_generated llt_perfetto_trace
  mkdir -p "$LLT_CACHE/tidy"
  find "$LLT_CACHE/tidy" -type f -mtime +30 -delete
  rm -f "$LLT_CACHE/tidy/left"
  export lib clang_tidy tidy_until=$(($1 > 0 ? $(date +%s) + $1 : 0))
  sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$LLT_ROOT/build/dev/compile_commands.json" | grep "^$LLT_ROOT/src/" |
    grep -vE '_(test|fuzz|bench)\.cc$' | sort -u |
    xargs -P "$(nproc)" -I{} bash -c 'set -uo pipefail; tidy_one "$1"' _ {}
}

build_tests() {
  local preset=$1
  shift
  configure "$preset" -DLLAMATELEMETRY_TESTS=ON "$@"
  compile "$preset" all
}
# The tests in which several threads of ours work on the same data; the other ones have nothing for
# ThreadSanitizer to find, start processes, which it does not follow, or use Asio, whose fences GCC's does not know.
threaded_tests=(store_test query_test telemetry_test wire_test probe_test)

build_sanitized() {
  configure "$1" -DLLAMATELEMETRY_TESTS=ON "$sanitizer_flags"
  if [[ $1 == tsan ]]; then compile tsan "${threaded_tests[@]}"; else compile "$1" all; fi
}

# sanitized_unit PRESET: what of the unit tests this sanitizer looks at. A test program that was not built is
# known to ctest as NAME_NOT_BUILT.
sanitized_unit() {
  if [[ $1 == tsan ]]; then unit tsan tsan -LE fuzz -E '_NOT_BUILT|^schema_'; else unit "$1" "$1"; fi
}

# unit PRESET NAME CTEST-ARGS...: the unit tests and fuzz replays of one build.
unit() {
  local preset=$1 name=$2
  shift 2
  ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
    TSAN_OPTIONS="suppressions=$lib/tsan.supp:halt_on_error=1" \
    ctest --test-dir "$LLT_ROOT/build/$preset" --output-on-failure --timeout 120 -j "$(nproc)" \
    --no-tests=error --output-junit "$LLT_ROOT/build/test-results/$name.xml" "$@"
}

# make_test_environment: Python and Node packages of all whole-program tests.
make_test_environment() {
  find "$LLT_ROOT/tests" -name node_modules -prune -o -name 'requirements*.txt' -print0 | sort -z | xargs -0 cat \
    >"$LLT_CACHE/test-requirements.txt"
  pip_environment "$test_venv" -r "$LLT_CACHE/test-requirements.txt"
  local folder
  for folder in "$LLT_ROOT"/tests/*/package-lock.json; do
    folder=$(dirname "$folder")
    local want
    want=$(sha256sum <"$folder/package-lock.json")
    [[ $(cat "$folder/node_modules/.made-of" 2>/dev/null) == "$want" ]] && continue
    (cd "$folder" && with_node npm ci --no-audit --no-fund)
    echo "$want" >"$folder/node_modules/.made-of"
  done
}

build_collector() {
  make_go
  with_go "$LLT_ROOT/tests/collector/build.sh"
}

# in_test_venv COMMAND...: innermost, since the folders of Node and Go hold a `python` of their own.
in_test_venv() { PATH=$test_venv/bin:$PATH "$@"; }

# whole_program FOLDER PYTEST-ARGS...: the tests of one folder, through the real binary.
whole_program() {
  local folder=$1 beside=()
  shift
  if [[ $folder == browser ]]; then beside=(-n 2 --dist loadfile); fi
  cd "$LLT_ROOT/tests" || return
  PYTHONDONTWRITEBYTECODE=1 with_node with_go in_test_venv \
    python -m pytest -p no:cacheprovider -q "${beside[@]}" --junitxml="$LLT_ROOT/build/test-results/$folder.xml" "$folder" "$@"
}
