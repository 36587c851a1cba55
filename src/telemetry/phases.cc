#include "telemetry/phases.h"

#include <algorithm>
#include <cmath>

namespace llt::telemetry {
namespace {

// Engine clocks and ours are different clocks of different processes: less than this is rounding.
constexpr std::int64_t kClockToleranceNs = 5'000'000;

/// Milliseconds of an engine to ns. Garbage (negative, NaN, absurd) becomes 0.
std::int64_t to_ns(double milliseconds) noexcept {
  constexpr double kLongestMs = 1e12;
  if (!(milliseconds > 0) || milliseconds > kLongestMs) return 0;
  return std::llround(milliseconds * 1e6);
}

bool has_timings(const RequestRecord& record) noexcept {
  return record.response.timings && record.response.timings->prompt_ms >= 0 &&
         (record.response.timings->prompt_n > 0 || record.response.timings->predicted_n > 0);
}

PhaseRule choose_rule(const RequestRecord& record) noexcept {
  if (record.handed_over == 0) return PhaseRule::unknown;
  if (record.request.stream) {
    if (record.slot_start != 0) return PhaseRule::progress;
    if (has_timings(record)) return PhaseRule::stream_timings;
    if (record.first_content != 0) return PhaseRule::first_content;
    if (record.progress_requested && record.upstream_done == 0) return PhaseRule::still_queued;
    return PhaseRule::unknown;
  }
  return has_timings(record) ? PhaseRule::plain_timings : PhaseRule::unknown;
}

/// Splits an interval of which only the engine's own durations are known: prefill first, then decode, the
/// rest is the queue. What does not fit is cut from decode, then from prefill.
void split_by_timings(const EngineTimings& timings, std::int64_t available, PhaseBreakdown& out) noexcept {
  const std::int64_t prompt = to_ns(timings.prompt_ms);
  const std::int64_t predicted = to_ns(timings.predicted_ms);
  out.prefill = std::min(prompt, available);
  out.decode = std::min(predicted, available - *out.prefill);
  out.queue = available - *out.prefill - *out.decode;
  out.timings_inconsistent = prompt + predicted > available + kClockToleranceNs;
}

void split_upstream(const RequestRecord& record, PhaseBreakdown& out) noexcept {
  const std::int64_t before_content = record.phases.ns(Phase::queue) + record.phases.ns(Phase::prefill);
  const std::int64_t decoding = record.phases.ns(Phase::decode);
  switch (out.rule) {
    case PhaseRule::progress:
      out.queue = record.phases.ns(Phase::queue);
      out.prefill = record.phases.ns(Phase::prefill);
      if (record.first_content != 0 || decoding > 0) out.decode = decoding;
      break;
    case PhaseRule::stream_timings: {
      if (record.first_content == 0) {
        split_by_timings(*record.response.timings, out.upstream, out);
        break;
      }
      const std::int64_t prompt = to_ns(record.response.timings->prompt_ms);
      out.prefill = std::min(prompt, before_content);
      out.queue = before_content - *out.prefill;
      out.decode = decoding;
      out.timings_inconsistent = prompt > before_content + kClockToleranceNs;
      break;
    }
    case PhaseRule::plain_timings:
      split_by_timings(*record.response.timings, out.upstream, out);
      break;
    case PhaseRule::still_queued:
      out.queue = out.upstream;
      break;
    case PhaseRule::first_content:
      out.decode = decoding;
      out.unattributed = before_content;
      break;
    case PhaseRule::unknown:
      out.unattributed = out.upstream;
      break;
  }
}

std::optional<std::int64_t> server_ttft(const RequestRecord& record, const PhaseBreakdown& phases) noexcept {
  switch (phases.rule) {
    case PhaseRule::progress:
    case PhaseRule::stream_timings:
    case PhaseRule::first_content:
      if (record.first_content == 0) return std::nullopt;
      return phases.queue.value_or(0) + phases.prefill.value_or(0) + phases.unattributed;
    case PhaseRule::plain_timings:
      return phases.queue.value_or(0) + phases.prefill.value_or(0);
    case PhaseRule::still_queued:
    case PhaseRule::unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

/// [end - length, end], not before `earliest`.
Interval ending_at(SteadyNs end, std::int64_t length, SteadyNs earliest) noexcept {
  return {std::max(earliest, end - length), end};
}

Interval locate_operation(const RequestRecord& record) noexcept {
  const SteadyNs earliest = record.first_byte;
  const SteadyNs end = record.upstream_done != 0 ? record.upstream_done : record.finished;
  SteadyNs start = record.received != 0 ? record.received : earliest;
  if (record.handed_over != 0) {
    const SteadyNs connecting = record.handed_over - record.phases.ns(Phase::connect);
    start = std::clamp(connecting, earliest, record.handed_over);
  }
  return {std::min(start, end), end};
}

}  // namespace

const char* to_string(PhaseRule rule) noexcept {
  switch (rule) {
    case PhaseRule::progress:
      return "progress";
    case PhaseRule::stream_timings:
      return "stream_timings";
    case PhaseRule::plain_timings:
      return "plain_timings";
    case PhaseRule::still_queued:
      return "still_queued";
    case PhaseRule::first_content:
      return "first_content";
    case PhaseRule::unknown:
      return "unknown";
  }
  return "unknown";
}

PhaseBreakdown break_down(const RequestRecord& record) noexcept {
  PhaseBreakdown out;
  out.receive = record.phases.ns(Phase::receive);
  out.gateway = record.phases.ns(Phase::gateway);
  out.connect = record.phases.ns(Phase::connect);
  out.client = record.phases.ns(Phase::client);
  out.upstream =
      record.phases.ns(Phase::queue) + record.phases.ns(Phase::prefill) + record.phases.ns(Phase::decode);
  out.total = out.receive + out.gateway + out.connect + out.client + out.upstream;
  out.rule = choose_rule(record);
  split_upstream(record, out);
  out.server_ttft = server_ttft(record, out);
  if (record.request.stream && record.first_content_out != 0) {
    out.ttft = record.first_content_out - record.first_byte;
  }
  return out;
}

PhaseIntervals locate(const RequestRecord& record, const PhaseBreakdown& phases) noexcept {
  PhaseIntervals at;
  at.operation = locate_operation(record);
  if (record.handed_over == 0) return at;
  const SteadyNs begin = record.handed_over;
  const SteadyNs end = std::max(begin, at.operation.end);
  const SteadyNs content = record.first_content;

  SteadyNs decode_start = end;
  if (phases.decode) {
    const bool seen = record.request.stream && content != 0;
    at.decode = seen ? Interval{std::max(begin, content), end} : ending_at(end, *phases.decode, begin);
    decode_start = at.decode.start;
  }
  SteadyNs prefill_start = decode_start;
  if (phases.prefill) {
    at.prefill = record.slot_start != 0 ? Interval{std::min(record.slot_start, decode_start), decode_start}
                                        : ending_at(decode_start, *phases.prefill, begin);
    prefill_start = at.prefill.start;
  }
  if (phases.queue) at.queue = {std::min(begin, prefill_start), prefill_start};
  return at;
}

}  // namespace llt::telemetry
