-- wrk sends the request body of the file named by BENCH_BODY and prints its result as one JSON line.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"

function done(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
    + summary.errors.timeout
  io.write(string.format('{"requests":%d,"errors":%d,"seconds":%.6f,"p50_us":%d,"p90_us":%d,"p99_us":%d}\n',
    summary.requests, errors, summary.duration / 1e6, latency:percentile(50), latency:percentile(90),
    latency:percentile(99)))
end
