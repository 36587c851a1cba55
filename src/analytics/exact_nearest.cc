#include "analytics/exact_nearest.h"

#include <fmt/format.h>

#include <cmath>

#include "analytics/best.h"
#include "analytics/cpu/parallel.h"

namespace llt::analytics {
namespace {

constexpr std::size_t kSpare = 8;

using Doubles = double __attribute__((vector_size(32)));
using Floats = float __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4;

// Added up in an order that depends on nothing but how many there are.
double product(std::span<const float> a, std::span<const float> b) {
  Doubles sums{};
  std::size_t d = 0;
  for (; d + kLanes <= a.size(); d += kLanes) {
    Floats left, right;
    __builtin_memcpy(&left, a.data() + d, sizeof left);
    __builtin_memcpy(&right, b.data() + d, sizeof right);
    sums += __builtin_convertvector(left, Doubles) * __builtin_convertvector(right, Doubles);
  }
  double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (; d < a.size(); ++d) sum += double{a[d]} * double{b[d]};
  return sum;
}

}  // namespace

ExactNearest::ExactNearest(const VectorTable& vectors, std::size_t count)
    : vectors_(&vectors),
      size_(vectors.size()),
      count_(std::min(count, size_ == 0 ? 0 : size_ - 1)),
      squares_(size_),
      all_(size_ * count_),
      unsure_(size_, 0) {}

Result<ExactNearest> ExactNearest::make(const VectorTable& vectors, std::size_t count) {
  ExactNearest exact(vectors, count);
  for (std::size_t i = 0; i < exact.size_; ++i) {
    const double square = product(vectors.row(i), vectors.row(i));
    if (!(square > 0) || std::isinf(square)) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("vector {} has the length {}: it is like none", i + 1, std::sqrt(square)));
    }
    exact.squares_[i] = square;
  }
  return exact;
}

std::size_t ExactNearest::candidates() const noexcept {
  return std::min(count_ + kSpare, size_ == 0 ? 0 : size_ - 1);
}

void ExactNearest::write_units(float* to, unsigned threads) const {
  constexpr std::size_t kTask = 1024;
  cpu::each_task((size_ + kTask - 1) / kTask, cpu::thread_count(threads), [&](std::size_t task, unsigned) {
    float* next = to + task * kTask * vectors_->dimensions;
    for (std::size_t i = task * kTask; i < std::min(size_, (task + 1) * kTask); ++i) {
      const double length = std::sqrt(squares_[i]);
      for (const float number : vectors_->row(i)) *next++ = static_cast<float>(number / length);
    }
  });
}

// Each product and each sum is off by at most half a unit in the last place, and so was each number of the
// two rows when it was divided; a little more for what those errors do to one another.
double ExactNearest::margin() const noexcept {
  return (static_cast<double>(vectors_->dimensions) + 4) * 0x1p-24 * 1.01;
}

// So that a vector and its copy have exactly 1: the root of a square is exact.
double ExactNearest::similarity(Vertex a, Vertex b) const {
  const double cosine = product(vectors_->row(a), vectors_->row(b)) / std::sqrt(squares_[a] * squares_[b]);
  return std::clamp(cosine, -1.0, 1.0);
}

bool ExactNearest::settle(Vertex row, std::span<const Neighbour> found, double floor) {
  Best best(count_);
  bool as_told = true;
  for (const Neighbour& one : found) {
    const double exact = similarity(row, one.vertex);
    as_told = as_told && std::abs(exact - one.similarity) <= margin();
    best.offer({one.vertex, exact});
  }
  unsure_[row] = best.floor() > floor + margin() ? 0 : 1;
  keep(row, best.sorted());
  return as_told;
}

void ExactNearest::keep(Vertex row, const std::vector<Neighbour>& nearest) {
  std::ranges::copy(nearest, all_.begin() + static_cast<std::ptrdiff_t>(row * count_));
}

cpu::Panels ExactNearest::panels(unsigned threads) const {
  std::vector<float> units(vectors_->values.size());
  write_units(units.data(), threads);
  return {std::move(units), vectors_->dimensions, threads};
}

std::vector<Vertex> ExactNearest::unsure() const {
  std::vector<Vertex> rows;
  for (std::size_t row = 0; row < size_; ++row) {
    if (unsure_[row] != 0) rows.push_back(static_cast<Vertex>(row));
  }
  return rows;
}

void ExactNearest::search_again(const cpu::Panels& panels, std::span<const Vertex> rows, unsigned threads) {
  constexpr std::size_t kTask = cpu::Panels::kRowsATask;
  const std::size_t tasks = (rows.size() + kTask - 1) / kTask;
  cpu::each_task(tasks, cpu::thread_count(threads), [&](std::size_t task, unsigned) {
    const std::size_t begin = task * kTask;
    search_few_again(panels, rows.subspan(begin, std::min(kTask, rows.size() - begin)));
  });
}

// Compares in double precision what can be among the nearest: what is at least as similar as the last of
// those that are known, but for the margin. Nothing is more similar than 1, and of equals the first ones
// stay.
void ExactNearest::search_few_again(const cpu::Panels& panels, std::span<const Vertex> rows) {
  std::vector<Best> best(rows.size(), Best(count_));
  std::vector<double> known(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    known[i] = all_[rows[i] * count_ + count_ - 1].similarity - margin();
  panels.compare(rows, [&](std::size_t i, Vertex other, float similar) {
    if (similar < known[i] || other == rows[i]) return;
    Best& mine = best[i];
    if (mine.floor() >= 1) return;
    mine.offer({other, similarity(rows[i], other)});
    known[i] = std::max(known[i], mine.floor() - margin());
  });
  for (std::size_t i = 0; i < rows.size(); ++i) keep(rows[i], best[i].sorted());
}

}  // namespace llt::analytics
