# shellcheck shell=bash
# shellcheck disable=SC2016  # $(NAME) is a format of apt-get's
# Debian packages: says which are missing and installs just those.

# What it takes to build llamatelemetry and the engine. opentelemetry-cpp comes from backports.
apt_build=(
  build-essential cmake ninja-build ccache mold git ca-certificates python3 python3-venv xz-utils
  libboost1.81-dev libsimdjson-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev prometheus-cpp-dev
  libtomlplusplus-dev libxxhash-dev libjemalloc-dev libssl-dev zlib1g-dev
)
apt_otel=(
  opentelemetry-cpp-dev libopentelemetry-proto-dev libabsl-dev libgrpc++-dev libprotobuf-dev protobuf-compiler
  protobuf-compiler-grpc libcurl4-openssl-dev
)
# What the tests need on top.
apt_test=(libgtest-dev libbenchmark-dev clang-format-16 clang-tidy-16 shellcheck chromium procps curl openssl)
# What bench/ needs on top.
apt_bench=(haproxy nginx-light wrk)

# missing_packages NAME...: those that are not installed, one a line.
missing_packages() {
  local name
  for name; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done
}

# as_root COMMAND...: runs it as root, through sudo if need be.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi
}

# own_otel: whether the user's CMAKE_PREFIX_PATH brings its own opentelemetry-cpp.
own_otel() {
  local folder
  local IFS=':;'
  for folder in ${CMAKE_PREFIX_PATH:-}; do
    [[ -n $(find "$folder" -maxdepth 5 -name 'opentelemetry-cpp-config.cmake' -print -quit 2>/dev/null) ]] && return 0
  done
  return 1
}

# has_candidate NAME: whether apt could install the package from the sources it knows.
has_candidate() {
  local candidate
  candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
  [[ -n $candidate && $candidate != '(none)' ]]
}

# debian_mirror: the URI from which this machine takes Debian's main suite.
debian_mirror() {
  local codename=$1 uri
  uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 2>/dev/null |
    awk -v suite="$codename" '$2 == suite && !seen++ { print $1 }')
  echo "${uri:-http://deb.debian.org/debian}"
}

# add_backports CODENAME: makes apt know the backports suite, from the mirror already in use.
add_backports() {
  local codename=$1 key=/usr/share/keyrings/debian-archive-keyring.gpg
  local file=/etc/apt/sources.list.d/$codename-backports.sources
  if [[ -e $file || $'\n'$(apt-get indextargets --format '$(RELEASE)')$'\n' == *$'\n'"$codename-backports"$'\n'* ]]; then
    return 0
  fi
  {
    printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\n' "$(debian_mirror "$codename")" "$codename"
    if [[ -e $key ]]; then printf 'Signed-By: %s\n' "$key"; fi
  } | as_root tee "$file"
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 "$@"; }

install_packages() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt_get update
  local name backports=() plain=()
  for name; do
    if [[ $name == *opentelemetry* ]] && ! has_candidate "$name"; then
      add_backports "$codename"
      backports+=("$name")
    else
      plain+=("$name")
    fi
  done
  if ((${#backports[@]})); then
    apt_get update
    plain+=("${backports[@]/%//$codename-backports}")
  fi
  apt_get install --no-install-recommends "${plain[@]}"
}

# need_packages PURPOSE NAME...: installs what is missing of the packages; does nothing when all are there.
need_packages() {
  local purpose=$1 missing
  shift
  if ! have dpkg-query apt-get; then
    say "  ! This is no Debian: install these yourself, or their counterparts: $*"
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)) && ! have sudo; then
    fail "Debian packages are missing and there is no sudo. As root, run: apt-get install ${missing[*]}"
  fi
  if ((EUID != 0)); then sudo -v || fail "Installing packages needs root. As root, run: apt-get install ${missing[*]}"; fi
  step "Install ${#missing[@]} Debian packages for $purpose" \
    "Check the network and /etc/apt, then run this script again; or install by hand: apt-get install ${missing[*]}" \
    install_packages "${missing[@]}"
}

need_build_packages() {
  local packages=("${apt_build[@]}")
  own_otel || packages+=("${apt_otel[@]}")
  need_packages building "${packages[@]}"
}
