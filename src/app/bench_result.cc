#include "app/bench_result.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace llt::app {
namespace {

double ms(SteadyNs ns) { return static_cast<double>(ns) / 1e6; }

double quantile(const std::vector<double>& sorted, double at) {
  const double place = at * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

// The tokens of an answer: as the server counted them, otherwise one for each piece of content.
std::uint64_t tokens_of(const load::ChatAnswer& answer) {
  return answer.output_tokens.value_or(answer.content.size());
}

std::optional<double> per_token_ms(const load::ChatAnswer& answer) {
  const std::uint64_t tokens = tokens_of(answer);
  if (tokens < 2 || answer.content.size() < 2) return std::nullopt;
  return ms(answer.content.back() - answer.content.front()) / static_cast<double>(tokens - 1);
}

struct Values {
  std::vector<double> ttft, tpot, itl, queue, prefill, decode, e2e;
};

void add(const load::Sample& sample, Values& values) {
  const load::ChatAnswer& answer = sample.answer;
  values.e2e.push_back(ms(sample.end - sample.due));
  if (answer.queue_end) values.queue.push_back(ms(*answer.queue_end - sample.due));
  if (answer.content.empty()) return;
  values.ttft.push_back(ms(answer.content.front() - sample.due));
  if (answer.queue_end) values.prefill.push_back(ms(answer.content.front() - *answer.queue_end));
  values.decode.push_back(ms(answer.content.back() - answer.content.front()));
  if (const auto value = per_token_ms(answer)) values.tpot.push_back(*value);
  for (std::size_t i = 1; i < answer.content.size(); ++i) {
    values.itl.push_back(ms(answer.content[i] - answer.content[i - 1]));
  }
}

// A request without any content has no first token that could be in time.
bool keeps(const Slo& slo, const load::Sample& sample) {
  const auto within = [](const std::optional<std::int64_t>& limit_ns, double value_ms) {
    return !limit_ns || value_ms <= ms(*limit_ns);
  };
  if (!sample.error.empty() || sample.answer.content.empty()) return false;
  return within(slo.ttft_ns, ms(sample.answer.content.front() - sample.due)) &&
         within(slo.tpot_ns, per_token_ms(sample.answer).value_or(0)) &&
         within(slo.e2e_ns, ms(sample.end - sample.due));
}

}  // namespace

Distribution distribution_of(std::vector<double> values) {
  Distribution found;
  found.count = values.size();
  if (values.empty()) return found;
  std::ranges::sort(values);
  found.p50 = quantile(values, 0.5);
  found.p90 = quantile(values, 0.9);
  found.p95 = quantile(values, 0.95);
  found.p99 = quantile(values, 0.99);
  found.mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return found;
}

std::uint64_t BenchResult::errors() const {
  std::uint64_t sum = 0;
  for (const auto& [words, count] : errors_by_type) sum += count;
  return sum;
}

double BenchResult::per_second(std::uint64_t count) const {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::uint64_t BenchResult::good() const { return slo ? slo->met : requests - errors(); }

BenchResult result_of(const load::Outcome& outcome, const std::optional<Slo>& slo) {
  BenchResult result;
  Values values;
  result.requests = outcome.samples.size();
  result.seconds = static_cast<double>(outcome.end - outcome.begin) / 1e9;
  if (slo) result.slo.emplace();
  for (const load::Sample& sample : outcome.samples) {
    if (slo) ++(keeps(*slo, sample) ? result.slo->met : result.slo->missed);
    if (!sample.error.empty()) {
      ++result.errors_by_type[sample.error];
      continue;
    }
    add(sample, values);
    result.input_tokens += sample.answer.input_tokens.value_or(0);
    result.output_tokens += tokens_of(sample.answer);
    result.tokens_from_usage = result.tokens_from_usage && sample.answer.output_tokens.has_value();
  }
  result.ttft = distribution_of(std::move(values.ttft));
  result.tpot = distribution_of(std::move(values.tpot));
  result.itl = distribution_of(std::move(values.itl));
  result.queue = distribution_of(std::move(values.queue));
  result.prefill = distribution_of(std::move(values.prefill));
  result.decode = distribution_of(std::move(values.decode));
  result.e2e = distribution_of(std::move(values.e2e));
  return result;
}

}  // namespace llt::app
