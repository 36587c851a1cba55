#include "telemetry/steps/step_cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace llt::telemetry {
namespace {

constexpr std::uint64_t kStepsNeeded = 32;   // before the model is used
constexpr std::uint64_t kStepsPerSolve = 8;  // the coefficients move slowly
constexpr double kFading = 0.999;            // a step counts a third after a thousand others
constexpr double kUsualError = 0.5;          // steps that are off by a larger share count less

// Solves the symmetric system of the terms in `use` by elimination; false when it has no one solution.
template <std::size_t N>
bool solve_subset(const std::array<std::array<double, N>, N>& gram, const std::array<double, N>& target,
                  unsigned use, std::array<double, N>& out) {
  std::array<std::array<double, N + 1>, N> rows{};
  std::array<std::size_t, N> index{};
  std::size_t size = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if ((use >> i & 1u) != 0) index[size++] = i;
  }
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) rows[i][j] = gram[index[i]][index[j]];
    rows[i][N] = target[index[i]];
  }
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t pivot = i;
    for (std::size_t j = i + 1; j < size; ++j) {
      if (std::abs(rows[j][i]) > std::abs(rows[pivot][i])) pivot = j;
    }
    std::swap(rows[i], rows[pivot]);
    if (std::abs(rows[i][i]) < 1e-9 * gram[index[i]][index[i]] || rows[i][i] == 0) return false;
    for (std::size_t j = 0; j < size; ++j) {
      if (j == i) continue;
      const double factor = rows[j][i] / rows[i][i];
      for (std::size_t k = i; k < size; ++k) rows[j][k] -= factor * rows[i][k];
      rows[j][N] -= factor * rows[i][N];
    }
  }
  out = {};
  for (std::size_t i = 0; i < size; ++i) out[index[i]] = rows[i][N] / rows[i][i];
  return true;
}

}  // namespace

StepCost::Terms StepCost::terms(const std::vector<StepLoad>& members) {
  Terms sum{1};
  for (const StepLoad& member : members) {
    sum[1] += member.prefill_tokens;
    sum[2] += member.decode_tokens;
    sum[3] += member.attended;
    if (member.prefill_tokens > 0) sum[4] = 1;
  }
  return sum;
}

// The model is to be right by the same share for short steps and for long ones: weighted by 1 / time^2. By
// the time expected, once there is one: the measured ones would give the steps that were short by chance the
// most weight, and the costs come out too low. A step that somebody held up counts less the longer it was.
double StepCost::weight_of(const std::vector<StepLoad>& members, double time) const {
  const auto expected = predict(members);
  if (!expected || *expected <= 0) return 1 / (time * time);
  const double scale = static_cast<double>(*expected);
  const double error = std::abs(time - scale) / scale;
  return kUsualError / std::max(error, kUsualError) / (scale * scale);
}

void StepCost::learn(const std::vector<StepLoad>& members, std::int64_t step_ns) {
  if (members.empty() || step_ns <= 0) return;
  const Terms x = terms(members);
  const double time = static_cast<double>(step_ns);
  const double weight = weight_of(members, time);
  for (std::size_t i = 0; i < kTerms; ++i) {
    for (std::size_t j = 0; j < kTerms; ++j) gram_[i][j] = gram_[i][j] * kFading + weight * x[i] * x[j];
    target_[i] = target_[i] * kFading + weight * x[i] * time;
  }
  ++steps_;
  if (steps_ >= kStepsNeeded && steps_ % kStepsPerSolve == 0) solve();
}

// Least squares without negative costs: of the solutions over all subsets of terms that have none, the best
// one.
void StepCost::solve() {
  double best = 0;
  for (unsigned use = 1; use < 1u << kTerms; ++use) {
    Terms cost{};
    if (!solve_subset(gram_, target_, use, cost)) continue;
    if (std::ranges::any_of(cost, [](double c) { return c < 0 || !std::isfinite(c); })) continue;
    const double gained = std::inner_product(cost.begin(), cost.end(), target_.begin(), 0.0);
    if (gained <= best) continue;
    best = gained;
    cost_ = cost;
    known_ = true;
  }
}

std::optional<std::int64_t> StepCost::predict(const std::vector<StepLoad>& members) const {
  if (!known_) return std::nullopt;
  const Terms x = terms(members);
  constexpr double kMostNs = 1e17;
  return std::llround(std::min(kMostNs, std::inner_product(x.begin(), x.end(), cost_.begin(), 0.0)));
}

// What a member adds by itself, an equal part of what the step costs whoever is in it, and among those that
// read a prompt an equal part of what that costs.
double StepCost::weight(const StepLoad& member, std::size_t members, std::size_t readers) const {
  const double tokens = static_cast<double>(member.prefill_tokens) + member.decode_tokens;
  if (!known_) return tokens;
  const double reading = member.prefill_tokens > 0 ? cost_[4] / static_cast<double>(readers) : 0;
  return cost_[0] / static_cast<double>(members) + cost_[1] * member.prefill_tokens +
         cost_[2] * member.decode_tokens + cost_[3] * member.attended + reading;
}

std::vector<std::int64_t> StepCost::share(const std::vector<StepLoad>& members, std::int64_t step_ns) const {
  const auto reads = [](const StepLoad& member) { return member.prefill_tokens > 0; };
  const auto readers = static_cast<std::size_t>(std::ranges::count_if(members, reads));
  std::vector<double> weights;
  weights.reserve(members.size());
  for (const StepLoad& member : members) weights.push_back(weight(member, members.size(), readers));
  return split_exactly(step_ns, weights);
}

std::vector<std::int64_t> split_exactly(std::int64_t whole, const std::vector<double>& weights) {
  std::vector<std::int64_t> parts(weights.size(), 0);
  if (weights.empty()) return parts;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::int64_t left = whole;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double part = sum > 0 ? weights[i] / sum : 1.0 / static_cast<double>(weights.size());
    parts[i] = static_cast<std::int64_t>(static_cast<double>(whole) * part);
    left -= parts[i];
  }
  *std::ranges::max_element(parts) += left;
  return parts;
}

}  // namespace llt::telemetry
