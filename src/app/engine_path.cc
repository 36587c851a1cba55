#include "app/engine_path.h"

#include <algorithm>
#include <numeric>

namespace llt::app {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

std::vector<std::size_t> by_end(std::span<const PathStep> steps) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto end_of = [&](std::size_t i) { return steps[i].end; };
  if (!std::ranges::is_sorted(order, {}, end_of)) std::ranges::stable_sort(order, {}, end_of);
  return order;
}

StretchKind kind_of(const PathStep& step, bool has_begun) {
  if (!step.is_in) return has_begun ? StretchKind::passed_over : StretchKind::waiting;
  if (step.own_prefill > 0) return StretchKind::prefill;
  return step.others_prefill > 0 ? StretchKind::stalled : StretchKind::decode;
}

// A step that began before or ended after what is looked at counts with the part of it that lies within.
std::int64_t part(std::int64_t ns, std::int64_t within, std::int64_t whole) {
  if (within == whole) return ns;
  return static_cast<std::int64_t>(static_cast<double>(ns) * static_cast<double>(within) /
                                   static_cast<double>(whole));
}

void add_step(Stretch& stretch, const PathStep& step, UnixNs begin, UnixNs end) {
  const std::int64_t within = end - begin, whole = step.end - step.start;
  const std::int64_t prefill = part(step.others_prefill, within, whole);
  const std::int64_t decode = part(step.others_decode, within, whole);
  stretch.others_prefill += prefill;
  stretch.others_decode += decode;
  stretch.own += within - prefill - decode;
  stretch.end = end;
  ++stretch.steps;
  if (step.others_ns <= stretch.others_ns || step.others.empty()) return;
  stretch.others = step.others;
  stretch.others_ns = step.others_ns;
}

}  // namespace

std::string_view to_string(StretchKind kind) noexcept {
  switch (kind) {
    case StretchKind::waiting:
      return "waiting";
    case StretchKind::prefill:
      return "prefill";
    case StretchKind::stalled:
      return "stalled";
    case StretchKind::decode:
      return "decode";
    case StretchKind::passed_over:
      break;
  }
  return "passed_over";
}

std::vector<std::size_t> longest_chain(std::span<const PathStep> steps) {
  const auto ends = by_end(steps);
  std::vector<std::int64_t> covered(steps.size(), 0);
  std::vector<std::size_t> before(steps.size(), kNone);
  std::size_t best = kNone, over = 0;  // the best chain among those that ended by now
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (; over < ends.size() && steps[ends[over]].end <= steps[i].start; ++over) {
      const std::size_t ended = ends[over];
      if (steps[ended].end > steps[ended].start && (best == kNone || covered[ended] > covered[best]))
        best = ended;
    }
    covered[i] = steps[i].end - steps[i].start + (best == kNone ? 0 : covered[best]);
    before[i] = best;
  }
  std::size_t last = kNone;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].end > steps[i].start && (last == kNone || covered[i] > covered[last])) last = i;
  }
  std::vector<std::size_t> chain;
  for (; last != kNone; last = before[last]) chain.push_back(last);
  std::ranges::reverse(chain);
  return chain;
}

std::vector<Stretch> stretches(std::span<const PathStep> steps, UnixNs from, UnixNs to) {
  std::vector<Stretch> out;
  UnixNs at = from;
  bool has_begun = false;
  for (const std::size_t i : longest_chain(steps)) {
    const PathStep& step = steps[i];
    const UnixNs begin = std::max(step.start, at), end = std::min(step.end, to);
    if (end <= begin) continue;
    const StretchKind kind = kind_of(step, has_begun);
    has_begun = has_begun || step.is_in;
    if (out.empty() || out.back().kind != kind) {
      if (!out.empty()) {  // the gap before a stretch belongs to what came before it
        out.back().gaps += begin - at;
        out.back().end = begin;
      }
      Stretch stretch;
      stretch.kind = kind;
      stretch.start = out.empty() ? from : begin;
      if (out.empty()) stretch.gaps = begin - from;
      out.push_back(std::move(stretch));
    } else {
      out.back().gaps += begin - at;
    }
    add_step(out.back(), step, begin, end);
    at = end;
  }
  if (!out.empty()) {
    out.back().gaps += to - at;
    out.back().end = to;
  }
  return out;
}

}  // namespace llt::app
