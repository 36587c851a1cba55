# shellcheck shell=bash
# cuGraph: its C headers, for compiling the GPU plugin anywhere, and its libraries, for packing them.

cugraph_headers=$LLT_CACHE/cugraph-headers-$cugraph_version
rapids_wheels=$LLT_CACHE/rapids-wheels-$cugraph_version

rapids_download() {
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$(tools_python)" -m pip download -q --no-deps --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_24_x86_64 "$@"
}

# fetch_cugraph_headers: there is no smaller package with them; of its 510 MB only the headers stay.
fetch_cugraph_headers() {
  make_tools_python
  mkdir -p "$partial"
  rm -rf "$partial/cugraph" "$cugraph_headers.new"
  rapids_download -d "$partial/cugraph" "libcugraph-cu13==$cugraph_version"
  local wheel
  wheel=$(echo "$partial"/cugraph/*.whl)
  verified "$wheel" "$cugraph_sha256" || { echo "$wheel is not what was pinned" && return 1; }
  mkdir -p "$cugraph_headers.new"
  "$(tools_python)" - "$wheel" "$cugraph_headers.new" <<'PYTHON'
import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith("libcugraph/include/cugraph_c/"):
            target = pathlib.Path(sys.argv[2], "cugraph_c", pathlib.Path(name).name)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(wheel.read(name))
PYTHON
  rm -rf "$partial/cugraph" "$cugraph_headers"
  mv "$cugraph_headers.new" "$cugraph_headers"
}

# need_cugraph_headers: so that the plugin is compiled. A tree that was configured without them is configured anew.
need_cugraph_headers() {
  [[ -e $cugraph_headers/cugraph_c/graph.h ]] && return 0
  step "Fetch cuGraph's headers (a package of 510 MB, once)" \
    "Check that pip can reach its index." fetch_cugraph_headers
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

# fetch_rapids_wheels: what bench/gpu/pack-analytics packs; 780 MB.
fetch_rapids_wheels() {
  make_tools_python
  rm -rf "$rapids_wheels.new"
  rapids_download -d "$rapids_wheels.new" "libcugraph-cu13==$cugraph_version" "libraft-cu13==$cugraph_version" \
    "librmm-cu13==$cugraph_version" "libkvikio-cu13==$cugraph_version" "libcuvs-cu13==$cugraph_version" \
    "rapids-logger==$rapids_logger_version"
  rm -rf "$rapids_wheels"
  mv "$rapids_wheels.new" "$rapids_wheels"
}
