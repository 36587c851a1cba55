# shellcheck shell=bash
# Our own build: the web UI, then the C++ program.

release=$LLT_ROOT/build/release
binary=$release/llamatelemetry
# Checkouts in different folders share what the compiler cache holds.
export CCACHE_BASEDIR=$LLT_ROOT CCACHE_NOHASHDIR=1

# ui_fingerprint: one hash over everything the UI is made of; the schema's names are compiled into it.
ui_fingerprint() {
  # A file that was deleted and not committed yet is listed and cannot be read: hence `|| true`.
  (cd "$LLT_ROOT" && git ls-files -z --cached --others --exclude-standard ui schema | sort -zu |
    { xargs -0 sha256sum 2>/dev/null || true; } | sha256sum | cut -d' ' -f1)
}

ui_is_built() { [[ -e $LLT_ROOT/ui/dist/index.html && $(cat "$LLT_ROOT/ui/dist/.made-of" 2>/dev/null) == "$1" ]]; }

# install_ui_modules: node_modules as package-lock.json says, again only when that changes.
install_ui_modules() {
  make_node
  local want
  want=$(sha256sum <"$LLT_ROOT/ui/package-lock.json" | cut -d' ' -f1)
  [[ $(cat "$LLT_ROOT/ui/node_modules/.made-of" 2>/dev/null) == "$want" ]] && return 0
  (cd "$LLT_ROOT/ui" && with_node npm ci --no-audit --no-fund)
  echo "$want" >"$LLT_ROOT/ui/node_modules/.made-of"
}

build_ui() {
  install_ui_modules
  (cd "$LLT_ROOT/ui" && with_node npm run build)
  echo "$1" >"$LLT_ROOT/ui/dist/.made-of"
}

need_ui() {
  local fingerprint
  fingerprint=$(ui_fingerprint)
  ui_is_built "$fingerprint" && return 0
  step "Build the web page" "Check that npm can reach its registry, then run this script again." build_ui "$fingerprint"
}

# configure PRESET CMAKE-ARGS...: runs cmake only when it has not been run with these arguments and presets.
configure() {
  local preset=$1 folder=$LLT_ROOT/build/$1
  shift
  local arguments=("$@")
  [[ -z ${LLAMATELEMETRY_DUCKDB:-} ]] || arguments+=("-DLLAMATELEMETRY_DUCKDB=$LLAMATELEMETRY_DUCKDB")
  [[ -z ${LLAMATELEMETRY_NANOARROW:-} ]] || arguments+=("-DLLAMATELEMETRY_NANOARROW=$LLAMATELEMETRY_NANOARROW")
  local want
  want="${arguments[*]} ${CMAKE_PREFIX_PATH:-} $LLT_CACHE $(sha256sum <"$LLT_ROOT/CMakePresets.json" | cut -d' ' -f1)"
  [[ -e $folder/build.ninja && $(cat "$folder/.configured-with" 2>/dev/null) == "$want" ]] && return 0
  (cd "$LLT_ROOT" && cmake --preset "$preset" "${arguments[@]}")
  echo "$want" >"$folder/.configured-with"
}

# compile PRESET TARGET...: builds the targets, as many compilers at once as memory allows.
compile() {
  local preset=$1
  shift
  cmake --build "$LLT_ROOT/build/$preset" -j "$(jobs_for_memory 1500)" --target "$@"
}

# configure_program: for the program alone. A tree that scripts/test has configured keeps its tests.
configure_program() {
  if ! grep -qs 'LLAMATELEMETRY_TESTS:BOOL=ON' "$release/CMakeCache.txt"; then
    configure release -DLLAMATELEMETRY_TESTS=OFF
  fi
}

build_binary() {
  configure_program
  compile release llamatelemetry
}

# need_binary: installs what is missing and builds build/release/llamatelemetry.
need_binary() {
  need_build_packages
  need_duckdb
  need_nanoarrow
  need_ui
  step "Build llamatelemetry" \
    "If a package is at fault, run this script again; if the code is, the compiler's message above says where." \
    build_binary
}
