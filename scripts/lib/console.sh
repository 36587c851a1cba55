# shellcheck shell=bash
# What the scripts say while they work: named steps with elapsed time. The output of a step goes to a log
# file, which is shown only when the step fails.

script_name=$(basename "$0")
log_dir=$LLT_CACHE/logs
log_file=$log_dir/$script_name-$(date +%Y%m%d-%H%M%S)-$$.log

say() { printf '%s\n' "$*" >&2; }

# fail SENTENCE: ends the script; the sentence says what is wrong and what the user can do.
fail() {
  printf '%s: %s\n' "$script_name" "$*" >&2
  exit 1
}

# start_log: makes the log file and removes those of earlier weeks.
start_log() {
  mkdir -p "$log_dir" || fail "Cannot write to $log_dir. Set XDG_CACHE_HOME to a folder that you can write to."
  find "$log_dir" -name '*.log' -mtime +14 -delete 2>/dev/null || true
  : >"$log_file"
}

# elapsed START: seconds since START (from $EPOCHREALTIME), one decimal.
elapsed() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# progress_note: the newest "[12/345]" of a running build, or nothing.
progress_note() { tail -c 4000 "$1" 2>/dev/null | tr '\r' '\n' | grep -oE '^\[ *[0-9]+[/%][0-9]*\]' | tail -n 1; }

# watch_step PID TITLE START LOG: tells on a terminal how far a step is, and elsewhere every minute that it lives.
# Ends the step after $step_limit seconds, if that is set.
watch_step() {
  local pid=$1 title=$2 start=$3 log=$4 ticks=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    ticks=$((ticks + 1))
    if [[ -t 2 ]] && ((ticks % 5 == 0)); then
      printf '\r\033[K  … %s  %ss %s' "$title" "$(elapsed "$start")" "$(progress_note "$log")" >&2
    elif ((ticks % 600 == 0)); then
      say "    still: $title, $(elapsed "$start") s $(progress_note "$log")"
    fi
    if ((step_limit > 0 && ticks >= step_limit * 10)); then
      echo "=== over the limit of $step_limit s: stopped" >>"$log"
      stop_step TERM
      sleep 10
      stop_step KILL
      break
    fi
  done
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# What a step's process reads before it runs the step's command; a script with functions of its own adds its file.
step_sources=("$lib/common.sh")
step_pid=''
step_limit=0

# stop_step SIGNAL: ends the step that is running, with everything that it started.
stop_step() { [[ -z $step_pid ]] || kill -"$1" -- "-$step_pid" 2>/dev/null || true; }
trap 'stop_step TERM; exit 130' INT
trap 'stop_step TERM; exit 143' TERM HUP

# run_logged TITLE COMMAND...: runs the command with its output in the log; returns its status.
# The command runs in a new shell, so that `set -e` holds in it wherever the step is called from (bash drops it
# in whatever runs under `if` or `&&`); it may change files, not variables. It is a process group of its own.
run_logged() {
  local title=$1 start=$EPOCHREALTIME status=0 file sources=''
  shift
  for file in "${step_sources[@]}"; do sources+="source '$file'; "; done
  printf '=== %s: %s\n' "$title" "$*" >>"$log_file"
  set -m
  bash -c "$sources"'"$@"' "$0" "$@" >>"$log_file" 2>&1 </dev/null &
  step_pid=$!
  set +m
  watch_step "$step_pid" "$title" "$start" "$log_file"
  wait "$step_pid" || status=$?
  step_pid=''
  printf '=== %s: status %s after %s s\n' "$title" "$status" "$(elapsed "$start")" >>"$log_file"
  return "$status"
}

# step TITLE ADVICE COMMAND...: one named step; when it fails the script ends with the log's end and the advice.
step() {
  local title=$1 advice=$2 start=$EPOCHREALTIME before
  before=$(wc -c <"$log_file")
  shift 2
  [[ -t 2 ]] || say "  … $title"
  if run_logged "$title" "$@"; then
    say "  ✓ $title ($(elapsed "$start") s)"
    return 0
  fi
  say "  ✗ $title, after $(elapsed "$start") s. The end of its output:"
  tail -c +$((before + 1)) "$log_file" | tail -n 30 | sed 's/^/    | /' >&2
  say "  The whole output: $log_file"
  fail "$title failed. $advice"
}
