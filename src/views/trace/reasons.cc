#include "views/trace/reasons.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"
#include "views/json_rows.h"
#include "views/phases.h"
#include "views/trace/trace_index.h"

namespace llt::views {
namespace {

std::string time(std::int64_t ns) { return format_duration(static_cast<double>(ns)); }

// What the request waited for inside the engine, where its batch steps are known.
void add_engine_time(const TraceIndex& trace, const Json& request, std::vector<std::string>& out) {
  const auto row = std::ranges::find_if(
      trace.attribution, [&](const Json& a) { return a["request_id"] == request["request_id"]; });
  if (row == trace.attribution.end()) return;
  const std::int64_t prompts = number_or_zero(*row, "others_prefill_ns"),
                     tokens = number_or_zero(*row, "others_decode_ns");
  const std::int64_t own = number_or_zero(*row, "own_prefill_ns") + number_or_zero(*row, "own_decode_ns");
  out.push_back(
      fmt::format("Of its {} at the engine {} was its own work, {} other requests' prompts, {} other "
                  "requests' generation, {} "
                  "waiting for its first step and {} time between steps.",
                  time(number_or_zero(*row, "upstream_ns")), time(own), time(prompts), time(tokens),
                  time(number_or_zero(*row, "queue_ns")), time(number_or_zero(*row, "engine_gap_ns"))));
  const auto worst = std::ranges::find_if(
      trace.delayed_by, [&](const Json& d) { return d["request_id"] == request["request_id"]; });
  if (worst == trace.delayed_by.end()) return;
  const auto& by = (*worst)["by_request_id"];
  out.push_back(fmt::format(
      "{} held it up most: {} in {} shared steps, {} of that with its {} prompt tokens.",
      by.is_string() ? "Request " + by.get<std::string>()
                     : fmt::format("An unknown request in slot {}", number_or_zero(*worst, "by_slot")),
      time(number_or_zero(*worst, "prefill_ns") + number_or_zero(*worst, "decode_ns")),
      number_or_zero(*worst, "steps"), time(number_or_zero(*worst, "prefill_ns")),
      number_or_zero(*worst, "by_prompt_tokens")));
}

void add_path(const TraceIndex& trace, std::vector<std::string>& out) {
  if (trace.path.empty() || trace.duration_ns <= 0) return;
  const PathShare& most = trace.path.front();
  out.push_back(
      fmt::format("On the critical path {} of {} took most: {}, {:.0f} % of the trace, in {} span{}.",
                  most.name, most.service, time(most.ns),
                  100.0 * static_cast<double>(most.ns) / static_cast<double>(trace.duration_ns), most.spans,
                  most.spans == 1 ? "" : "s"));
}

}  // namespace

std::vector<std::string> why_slow(const TraceIndex& trace) {
  std::vector<std::string> out;
  for (const Json& request : trace.requests) {
    if (out.size() > 8) break;  // a trace of many requests: its path says more than a list
    const std::string which = trace.requests.size() == 1
                                  ? ""
                                  : fmt::format("Request {}: ", request["request_id"].get<std::string>());
    if (request["error_type"].is_string())
      out.push_back(fmt::format("{}It failed: {}.", which, request["error_type"].get<std::string>()));
    if (const auto phase = longest_phase(request)) out.push_back(which + phase->text + ".");
    add_engine_time(trace, request, out);
  }
  // Of one request the phases say the same as its few spans.
  if (trace.requests.size() != 1 || trace.spans > 5) add_path(trace, out);
  return out;
}

}  // namespace llt::views
