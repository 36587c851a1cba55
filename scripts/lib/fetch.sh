# shellcheck shell=bash
# Downloads of pinned versions through the user's own pip and npm configuration, kept in the cache and checked.

downloads=$LLT_CACHE/downloads
partial=$LLT_CACHE/partial

# verified FILE SHA256: whether the file is there and is what was pinned.
verified() { [[ -f $1 ]] && sha256sum --status -c <<<"$2  $1"; }

# keep FILE SHA256: moves a fresh download to its place, or fails when its content is not the pinned one.
keep() {
  if ! verified "$partial/$1" "$2"; then
    echo "$1 has the SHA-256 $(sha256sum <"$partial/$1" | cut -d' ' -f1), expected $2"
    return 1
  fi
  mv -f "$partial/$1" "$downloads/$1"
}

# tools_python: a Python environment of our own with pip in it; Debian's own Python refuses pip installs.
tools_python() { echo "$LLT_CACHE/tools-venv/bin/python"; }
make_tools_python() {
  "$(tools_python)" -m pip --version 2>/dev/null && return 0
  rm -rf "$LLT_CACHE/tools-venv"
  python3 -m venv "$LLT_CACHE/tools-venv"
}

# pip_file FILE SHA256 PIP-ARGS...: downloads one package file.
pip_file() {
  local file=$1 sha=$2
  shift 2
  mkdir -p "$downloads" "$partial"
  make_tools_python
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$(tools_python)" -m pip download --no-deps -d "$partial" "$@"
  keep "$file" "$sha"
}

# npm_file FILE SHA256 PACKAGE@VERSION: downloads one npm package as it is, running nothing of it.
npm_file() {
  mkdir -p "$downloads" "$partial"
  make_node
  (cd "$partial" && with_node npm pack --silent "$3")
  keep "$1" "$2"
}

# pip_environment FOLDER PIP-ARGS...: a virtual environment with exactly these packages, made anew when they change.
pip_environment() {
  local folder=$1 want
  shift
  want=$(printf '%s\n' "$@" "$(cat "${@: -1}" 2>/dev/null || true)" | sha256sum | cut -d' ' -f1)
  [[ $(cat "$folder/.made-of" 2>/dev/null) == "$want" ]] && return 0
  rm -rf "$folder"
  python3 -m venv "$folder"
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$folder/bin/python" -m pip install -q "$@"
  echo "$want" >"$folder/.made-of"
}
