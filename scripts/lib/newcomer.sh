# shellcheck shell=bash
# The bare Debian 12 of scripts/newcomer.

newcomer_cache=${NEWCOMER_CACHE:-$LLT_CACHE}
newcomer_root=${NEWCOMER_ROOT:-/var/tmp/llt-newcomer}
newcomer_bare=$newcomer_cache/bookworm-bare.tar

make_bare_root() {
  [[ -s $newcomer_bare ]] && return 0
  local mirror folder
  mirror=$(debian_mirror bookworm)
  folder=$(mktemp -d /var/tmp/llt-bare.XXXXXX)
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$folder" "$mirror"
  rm -rf "$folder"/var/cache/apt/archives/*.deb
  mkdir -p "$newcomer_cache"
  tar -C "$folder" -cf "$newcomer_bare.new" .
  mv "$newcomer_bare.new" "$newcomer_bare"
  rm -rf --one-file-system "$folder"
}

unpack_root() {
  leave_root
  rm -rf --one-file-system "$newcomer_root"
  mkdir -p "$newcomer_root"
  tar -C "$newcomer_root" -xf "$newcomer_bare"
  copy_network_settings
  mkdir -p "$newcomer_root/home/newcomer"
  git clone -q "$LLT_ROOT" "$newcomer_root/home/newcomer/project"
}

update_clone() {
  git -C "$newcomer_root/home/newcomer/project" fetch -q "$LLT_ROOT" HEAD
  git -C "$newcomer_root/home/newcomer/project" reset -q --hard FETCH_HEAD
}

# copy_network_settings: how this machine reaches the outside, so that the newcomer reaches it the same way.
copy_network_settings() {
  local file
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/npmrc /usr/etc/npmrc \
    "$HOME/.npmrc" "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do
    if [[ -e $file ]]; then
      mkdir -p "$newcomer_root$(dirname "$file")"
      cp -L "$file" "$newcomer_root$file"
    fi
  done
  cp -rL /usr/local/share/ca-certificates/. "$newcomer_root/usr/local/share/ca-certificates/" 2>/dev/null || true
  mkdir -p "$newcomer_root/etc/apt/apt.conf.d"
  { grep -lE 'Acquire::https?|Verify-Peer' /etc/apt/apt.conf.d/* 2>/dev/null || true; } | while read -r file; do
    cp "$file" "$newcomer_root/etc/apt/apt.conf.d/"
  done
}

mount_into_root() {
  mountpoint -q "$newcomer_root/proc" || mount -t proc proc "$newcomer_root/proc"
  mountpoint -q "$newcomer_root/sys" || mount --rbind --make-rslave /sys "$newcomer_root/sys"
  mountpoint -q "$newcomer_root/dev" || mount --rbind --make-rslave /dev "$newcomer_root/dev"
}

leave_root() {
  local place
  for place in dev sys proc; do
    mountpoint -q "$newcomer_root/$place" && umount -R -l "$newcomer_root/$place"
  done
  return 0
}

# network_environment: this machine's settings for proxies, certificates and package indexes, as NAME=VALUE lines.
network_environment() {
  env | grep -iE '^(https?_proxy|no_proxy|all_proxy|pip_(index_url|extra_index_url|cert|trusted_host|default_timeout)|npm_config_registry|go(proxy|sumdb|flags|noproxy|nosumdb)|ssl_cert_file|requests_ca_bundle|node_extra_ca_certs|git_ssl_cainfo|curl_ca_bundle)=' || true
}

# in_root COMMAND: runs it as a newcomer would: a clean environment, nothing cached, no terminal.
in_root() {
  local settings
  mapfile -t settings < <(network_environment)
  chroot "$newcomer_root" /usr/bin/env -i HOME=/home/newcomer PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    "${settings[@]}" /bin/bash -c "cd ~ && git config --global --add safe.directory '*' && $1" </dev/null
}

# try_run ARGS: starts scripts/run, waits until it is ready, sends a chat request, reads the report, stops it.
try_run() {
  local ready=$newcomer_root/tmp/ready pid begun=$EPOCHREALTIME gateway status=0
  in_root "cd project && exec scripts/run --listen 127.0.0.1:18480 --console 127.0.0.1:18481 ${*@Q}" >"$ready" &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && ! grep -q '^ready ' "$ready"; do sleep 0.2; done
  gateway=$(sed -nE 's/^ready gateway=([^ ]+).*/\1/p' "$ready")
  if [[ -z $gateway ]]; then
    wait "$pid" || status=$?
    return "$((status ? status : 1))"
  fi
  echo "newcomer: ready to serve after $(elapsed "$begun") s"
  sleep 1
  python3 "$lib/newcomer_chat.py" "$gateway" || status=1
  sleep 1
  in_root "cd project && build/release/llamatelemetry report" || status=1
  kill -TERM "$(pgrep -P "$pid" | tail -n 1)" 2>/dev/null || kill -TERM "$pid"
  wait "$pid" || status=$?
  return "$status"
}
