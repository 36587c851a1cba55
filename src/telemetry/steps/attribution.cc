#include "telemetry/steps/attribution.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "telemetry/steps/step_cost.h"

namespace llt::telemetry {
namespace {

// A step as the whole request saw it: several turns of one request are not each other's others.
std::map<SteadyNs, TurnSlice> merge(std::span<Turn* const> turns) {
  std::map<SteadyNs, TurnSlice> steps;
  for (const Turn* turn : turns) {
    for (const TurnSlice& slice : turn->slices) {
      const auto [at, is_new] = steps.try_emplace(slice.start, slice);
      if (is_new) continue;
      TurnSlice& step = at->second;
      step.own_prefill += slice.own_prefill;
      step.own_decode += slice.own_decode;
      step.others_prefill -= slice.own_prefill;
      step.others_decode -= slice.own_decode;
      step.prompt_read = step.prompt_read && slice.prompt_read;
    }
  }
  return steps;
}

// How much of [from, to) the request spent waiting for the engine, as far as the gateway kept it.
std::int64_t waited(const RequestRecord& record, SteadyNs from, SteadyNs to) {
  std::int64_t length = std::max<std::int64_t>(0, to - from);
  for (const auto& [start, end] : record.phases.client_waits().list()) {
    length -= std::max<std::int64_t>(0, std::min(to, end) - std::max(from, start));
  }
  return std::max<std::int64_t>(0, length);
}

struct Sums {
  double queue = 0, own_prefill = 0, own_decode = 0, others_prefill = 0, others_decode = 0, gap = 0,
         stalled = 0;
};

void add_step(const RequestRecord& record, const TurnSlice& step, SteadyNs from, SteadyNs to, Sums& sums) {
  const std::int64_t length = step.end - step.start;
  if (length <= 0) return;
  const double part = static_cast<double>(waited(record, from, to)) / static_cast<double>(length);
  sums.own_prefill += part * static_cast<double>(step.own_prefill);
  sums.own_decode += part * static_cast<double>(step.own_decode);
  sums.others_prefill += part * static_cast<double>(step.others_prefill);
  sums.others_decode += part * static_cast<double>(step.others_decode);
  if (step.prompt_read) sums.stalled += part * static_cast<double>(step.others_prefill);
}

Sums add_up(const RequestRecord& record, std::span<Turn* const> turns) {
  Sums sums;
  const SteadyNs begin = record.handed_over;
  const SteadyNs end = record.upstream_done != 0 ? record.upstream_done : record.finished;
  SteadyNs at = begin;
  bool first = true;
  for (const auto& [start, step] : merge(turns)) {
    const SteadyNs from = std::clamp(start, at, std::max(at, end));
    const SteadyNs to = std::clamp(step.end, from, std::max(from, end));
    (first ? sums.queue : sums.gap) += static_cast<double>(waited(record, at, from));
    add_step(record, step, from, to, sums);
    at = to;
    first = false;
  }
  sums.gap += static_cast<double>(waited(record, at, end));
  return sums;
}

}  // namespace

// The gateway's own microseconds lie between its waits, and were not kept one by one: the parts are brought
// to the length that was really waited, each by the same factor.
Attribution attribute(const RequestRecord& record, const PhaseBreakdown& phases,
                      std::span<Turn* const> turns) {
  const Sums sums = add_up(record, turns);
  const auto parts = split_exactly(phases.upstream, {sums.queue, sums.own_prefill, sums.own_decode,
                                                     sums.others_prefill, sums.others_decode, sums.gap});
  Attribution out;
  out.upstream = phases.upstream;
  out.queue = parts[0];
  out.own_prefill = parts[1];
  out.own_decode = parts[2];
  out.others_prefill = parts[3];
  out.others_decode = parts[4];
  out.engine_gap = parts[5];
  const double stalled_part = sums.others_prefill > 0 ? sums.stalled / sums.others_prefill : 0;
  out.stalled =
      static_cast<std::int64_t>(static_cast<double>(out.others_prefill) * std::min(1.0, stalled_part));
  return out;
}

}  // namespace llt::telemetry
