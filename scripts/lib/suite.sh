# shellcheck shell=bash
# Test suites: each runs with its output in a file, is counted, and gets a line in the table at the end.

results=$LLT_ROOT/build/test-results
suite_rows=()
passed=0 failed=0 skipped=0

# report_line NAME PASSED FAILED SKIPPED SECONDS [NOTE]: remembers a row of the table and says it.
report_line() {
  suite_rows+=("$(printf '%-22s %6s %6s %7s %8s  %s' "$1" "$2" "$3" "$4" "$5 s" "${6:-}")")
  passed=$((passed + $2))
  failed=$((failed + $3))
  skipped=$((skipped + $4))
  printf '%-22s %4s passed %3s failed %3s skipped  (%s s) %s\n' "$1" "$2" "$3" "$4" "$5" "${6:-}"
}

# skip_suite NAME REASON: a suite that this machine cannot run counts as one skipped test.
skip_suite() { report_line "$1" 0 0 1 0.0 "$2"; }

# suite NAME TIMEOUT COMMAND...: runs one suite. Counts come from the JUnit files that the command wrote to
# $results/NAME*.xml; a command that writes none is one test.
suite() {
  local name=$1 limit=$2 start=$EPOCHREALTIME status=0 before counts
  shift 2
  rm -f "$results/$name"*.xml
  before=$(wc -c <"$log_file")
  step_limit=$limit
  run_logged "$name" "$@" || status=$?
  step_limit=0
  tail -c +$((before + 1)) "$log_file" >"$results/$name.log"
  if compgen -G "$results/$name*.xml" >/dev/null; then
    counts=$(python3 "$lib/junit.py" "$results/$name"*.xml)
  elif ((status == 0)); then
    counts="1 0 0"
  else
    counts="0 1 0"
  fi
  local p f s note=''
  read -r p f s <<<"$counts"
  # A run that broke down without a failed test (a crash, the time limit, no test at all) is a failure of its own.
  if ((status != 0 && f == 0)); then f=1 note="ended with status $status"; fi
  ((status <= 128)) || note="stopped, at most $limit s are allowed"
  report_line "$name" "$p" "$f" "$s" "$(elapsed "$start")" "$note"
  if ((f > 0)); then
    echo "--- end of the output of $name (all of it: ${results#"$LLT_ROOT"/}/$name.log) ---"
    grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test .* Passed )' "$results/$name.log" | tail -n 80
    echo "---"
  fi
}

# summary: the table, why tests were skipped, which failed, and the closing line.
summary() {
  echo
  printf '%-22s %6s %6s %7s %10s\n' suite passed failed skipped time
  printf '%s\n' "${suite_rows[@]}"
  python3 "$lib/junit.py" --reasons "$results"/*.xml 2>/dev/null || true
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
}
