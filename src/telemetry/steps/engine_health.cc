#include "telemetry/steps/engine_health.h"

#include <fmt/format.h>

#include <algorithm>

namespace llt::telemetry {
namespace {

constexpr std::size_t kWindow = 256;
constexpr std::uint64_t kEvery = 32;
constexpr std::size_t kLeastSteps = 16;  // of each kind that is compared
constexpr SteadyNs kLeastBetweenNs = 60'000'000'000;

// Constant: a step that computes 64 times as much takes hardly longer. Below 20 ms the fixed part of a step
// explains that on any device.
constexpr std::uint32_t kSmallTokens = 4, kLargeTokens = 256;
constexpr double kConstantRatio = 1.5, kLeastConstantMs = 20;
// Unsteady: steps of one kind. The growth of the context within a window is far below that.
constexpr double kUnsteadyRatio = 8, kLeastUnsteadyMs = 20;
// Gaps: an engine spends up to a third of its time between steps.
constexpr double kGapRatio = 1.0, kLeastGapMs = 1;

double quantile(std::vector<double>& values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

double in_ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

template <class Take>
std::vector<double> times_of(const std::deque<StepSample>& window, Take take) {
  std::vector<double> ms;
  for (const StepSample& sample : window) {
    if (take(sample)) ms.push_back(in_ms(sample.took_ns));
  }
  return ms;
}

void find_constant(const std::deque<StepSample>& window, std::vector<Sickness>& out) {
  auto small = times_of(window, [](const StepSample& s) { return s.tokens <= kSmallTokens; });
  auto large = times_of(window, [](const StepSample& s) { return s.tokens >= kLargeTokens; });
  if (small.size() < kLeastSteps || large.size() < kLeastSteps) return;
  const double few = quantile(small, 0.5), many = quantile(large, 0.5);
  if (few < kLeastConstantMs || many > kConstantRatio * few) return;
  out.push_back(
      {"engine.steps_constant",
       fmt::format(
           "steps take as long whatever their size: {:.0f} ms with up to {} tokens, {:.0f} ms with {} "
           "and more; the engine's threads wait for each other, most likely because they are more than "
           "there are free processors: give it fewer (--threads)",
           few, kSmallTokens, many, kLargeTokens),
       fmt::format(R"({{"small_ms":{:.3f},"small_steps":{},"large_ms":{:.3f},"large_steps":{}}})", few,
                   small.size(), many, large.size())});
}

// The number of sequences that most of the steps without prompts have.
std::uint32_t usual_sequences(const std::deque<StepSample>& window) {
  std::map<std::uint32_t, std::size_t> counts;
  for (const StepSample& sample : window) {
    if (!sample.has_prompt) ++counts[sample.sequences];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  return most == counts.end() ? 0 : most->first;
}

void find_unsteady(const std::deque<StepSample>& window, std::vector<Sickness>& out) {
  const std::uint32_t sequences = usual_sequences(window);
  auto alike =
      times_of(window, [&](const StepSample& s) { return !s.has_prompt && s.sequences == sequences; });
  if (alike.size() < 4 * kLeastSteps) return;
  const double fast = quantile(alike, 0.1), slow = quantile(alike, 0.9);
  if (slow < kLeastUnsteadyMs || slow < kUnsteadyRatio * fast) return;
  out.push_back(
      {"engine.steps_unsteady",
       fmt::format(
           "steps that do the same work differ {:.0f} times: of those that generate for {} at once, a "
           "tenth took {:.1f} ms or less and a tenth {:.1f} ms or more; something else wants the "
           "engine's processors: stop it, or give the engine fewer threads (--threads)",
           slow / fast, sequences, fast, slow),
       fmt::format(R"({{"sequences":{},"steps":{},"p10_ms":{:.3f},"p90_ms":{:.3f}}})", sequences,
                   alike.size(), fast, slow)});
}

void find_gaps(const std::deque<StepSample>& window, std::vector<Sickness>& out) {
  std::vector<double> gaps, steps;
  for (const StepSample& sample : window) {
    if (!sample.gap_ns) continue;
    gaps.push_back(in_ms(*sample.gap_ns));
    steps.push_back(in_ms(sample.took_ns));
  }
  if (gaps.size() < 4 * kLeastSteps) return;
  const double gap = quantile(gaps, 0.5), step = quantile(steps, 0.5);
  if (gap < kLeastGapMs || gap < kGapRatio * step) return;
  out.push_back(
      {"engine.gaps_long",
       fmt::format("the engine spends more time between steps than in them: {:.1f} ms beside {:.1f} ms, half "
                   "of {} times; sampling, grammars or a starved main thread hold it up",
                   gap, step, gaps.size()),
       fmt::format(R"({{"gap_ms":{:.3f},"step_ms":{:.3f},"steps":{}}})", gap, step, gaps.size())});
}

}  // namespace

std::vector<Sickness> EngineHealth::examine() const {
  std::vector<Sickness> found;
  find_constant(window_, found);
  find_unsteady(window_, found);
  find_gaps(window_, found);
  return found;
}

std::vector<Sickness> EngineHealth::take(const StepSample& sample) {
  window_.push_back(sample);
  if (window_.size() > kWindow) window_.pop_front();
  if (++taken_ % kEvery != 0) return {};
  auto found = examine();
  std::map<std::string, bool> ill;
  for (const Sickness& sickness : found) ill[sickness.kind] = true;
  std::erase_if(found, [&](const Sickness& sickness) {
    const auto told = told_.find(sickness.kind);
    return ill_[sickness.kind] || (told != told_.end() && sample.end - told->second < kLeastBetweenNs);
  });
  for (const Sickness& sickness : found) told_[sickness.kind] = sample.end;
  ill_ = std::move(ill);
  return found;
}

}  // namespace llt::telemetry
