# shellcheck shell=bash
# Sourced first by every script: where things are, and the pinned versions of what is fetched.

set -euo pipefail
LLT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LLT_CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/llamatelemetry
export LLT_ROOT LLT_CACHE
lib=$LLT_ROOT/scripts/lib

# shellcheck source=console.sh
source "$lib/console.sh"
# shellcheck source=versions.sh
source "$lib/versions.sh"
# shellcheck source=apt.sh
source "$lib/apt.sh"
# shellcheck source=fetch.sh
source "$lib/fetch.sh"
# shellcheck source=node.sh
source "$lib/node.sh"
# shellcheck source=parts.sh
source "$lib/parts.sh"
# shellcheck source=cuda.sh
source "$lib/cuda.sh"
# shellcheck source=rapids.sh
source "$lib/rapids.sh"
# shellcheck source=engine.sh
source "$lib/engine.sh"
# shellcheck source=build.sh
source "$lib/build.sh"

# have COMMAND...: whether every one of the commands is on the PATH.
have() {
  local name
  for name; do command -v "$name" >/dev/null 2>&1 || return 1; done
}

# jobs_for_memory MIB: how many compilers of that size to run at once, at least one, at most one a core.
jobs_for_memory() {
  local cores free
  cores=$(nproc)
  free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  local fit=$((free / $1))
  ((fit < 1)) && fit=1
  echo $((fit < cores ? fit : cores))
}

# hold_lock: one script at a time changes the cache and the build folders of this user.
hold_lock() {
  mkdir -p "$LLT_CACHE"
  exec {lock_fd}>"$LLT_CACHE/.lock"
  flock -n "$lock_fd" && return
  say "  … waiting: another script of this project is building (it holds $LLT_CACHE/.lock)"
  flock "$lock_fd"
}

# release_lock: before handing the process over to a long-running program.
release_lock() { exec {lock_fd}>&-; }
