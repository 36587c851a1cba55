#!/usr/bin/env bash
# Builds the OpenTelemetry Collector that the tests talk to and prints its path. Done once per version; the
# result stays in the cache folder. Needs Go 1.25 or newer (as `go`, or named by GO).
set -euo pipefail

version=0.151.0
go=${GO:-go}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/llamatelemetry/otelcol-$version
binary=$cache/otelcol

if [[ -x $binary ]]; then
  echo "$binary"
  exit 0
fi
command -v "$go" >/dev/null || { echo "no Go compiler found: install one, or set GO to its path" >&2; exit 1; }

mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
if [[ -x $binary ]]; then
  echo "$binary"
  exit 0
fi

work=$(mktemp -d "$cache/build.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
echo "building the OpenTelemetry Collector $version (a few minutes, once)" >&2
sed "s/@VERSION@/$version/g; s|@OUTPUT@|$work/dist|" "$(dirname "$0")/builder.yaml.in" >"$work/builder.yaml"
GOBIN=$work/bin GOFLAGS=-buildvcs=false "$go" install "go.opentelemetry.io/collector/cmd/builder@v$version" >&2
CGO_ENABLED=0 GOFLAGS=-buildvcs=false "$work/bin/builder" --config "$work/builder.yaml" >&2
mv "$work/dist/otelcol" "$binary"
echo "$binary"
