#include "analytics/nearest.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "analytics/cpu/parallel.h"

namespace llt::analytics {
namespace {

// Vectors lie in panels: the first numbers of 16 vectors, then their second ones, and so on. Four vectors are
// multiplied with a panel at a time, so that a number that was read is used four times.
constexpr std::size_t kWide = 16, kHigh = 4, kTilesATask = 16;
constexpr std::size_t kRowsATask = kHigh * kTilesATask;
// Products are added in single precision; so many more candidates are kept and then compared in double.
constexpr std::size_t kSpare = 8;

using Lanes = float __attribute__((vector_size(32)));
constexpr std::size_t kLanes = 8;

using Tile = std::array<float, kHigh * kWide>;

[[gnu::always_inline]] inline void multiply(const float* const* rows, const float* panel,
                                            std::size_t dimensions, Tile& tile) {
  Lanes sums[kHigh][2] = {};
  for (std::size_t d = 0; d < dimensions; ++d) {
    Lanes low, high;
    __builtin_memcpy(&low, panel + d * kWide, sizeof low);
    __builtin_memcpy(&high, panel + d * kWide + kLanes, sizeof high);
    for (std::size_t i = 0; i < kHigh; ++i) {
      sums[i][0] += rows[i][d] * low;
      sums[i][1] += rows[i][d] * high;
    }
  }
  __builtin_memcpy(tile.data(), sums, sizeof sums);
}

void multiply_plain(const float* const* rows, const float* panel, std::size_t dimensions, Tile& tile) {
  multiply(rows, panel, dimensions, tile);
}
#ifdef __x86_64__
[[gnu::target("avx2,fma")]] void multiply_avx2(const float* const* rows, const float* panel,
                                               std::size_t dimensions, Tile& tile) {
  multiply(rows, panel, dimensions, tile);
}
#endif

using Multiply = void (*)(const float* const*, const float*, std::size_t, Tile&);
Multiply best_multiply() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return multiply_avx2;
#endif
  return multiply_plain;
}

// The best of what was offered: a heap with the worst on top.
class Best {
 public:
  explicit Best(std::size_t room) : room_(room) { kept_.reserve(room + 1); }

  void offer(Vertex vertex, double similarity) {
    if (kept_.size() == room_ && !better({vertex, similarity}, kept_.front())) return;
    kept_.push_back({vertex, similarity});
    std::ranges::push_heap(kept_, better);
    if (kept_.size() <= room_) return;
    std::ranges::pop_heap(kept_, better);
    kept_.pop_back();
  }
  /// What a similarity must reach to be kept.
  [[nodiscard]] double floor() const { return kept_.size() < room_ ? -INFINITY : kept_.front().similarity; }
  std::vector<Neighbour>& sorted() {
    std::ranges::sort(kept_, better);
    return kept_;
  }

  static bool better(const Neighbour& a, const Neighbour& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.vertex < b.vertex;
  }

 private:
  std::size_t room_;
  std::vector<Neighbour> kept_;
};

class Search {
 public:
  Search(const VectorTable& vectors, std::size_t count)
      : vectors_(vectors), size_(vectors.size()), dimensions_(vectors.dimensions), count_(count) {}

  Result<> prepare() {
    lengths_.resize(size_);
    panels_.assign((size_ + kWide - 1) / kWide * kWide * dimensions_, 0.0F);
    units_.resize(size_ * dimensions_);
    for (std::size_t i = 0; i < size_; ++i) {
      lengths_[i] = std::sqrt(product(i, i));
      if (!(lengths_[i] > 0) || std::isinf(lengths_[i])) {
        return fail(ErrorCode::invalid_argument,
                    fmt::format("vector {} has the length {}: it is like none", i + 1, lengths_[i]));
      }
      float* panel = panels_.data() + i / kWide * kWide * dimensions_ + i % kWide;
      for (std::size_t d = 0; d < dimensions_; ++d) {
        const auto unit = static_cast<float>(vectors_.row(i)[d] / lengths_[i]);
        units_[i * dimensions_ + d] = unit;
        panel[d * kWide] = unit;
      }
    }
    return {};
  }

  [[nodiscard]] std::size_t tasks() const { return (size_ + kRowsATask - 1) / kRowsATask; }

  // Finds the neighbours of the rows of one task and writes them where they belong in `all`.
  void run(std::size_t task, std::vector<Neighbour>& all) const {
    const std::size_t begin = task * kRowsATask, end = std::min(size_, begin + kRowsATask);
    std::vector<Best> best(end - begin, Best(count_ + kSpare));
    for (std::size_t panel = 0; panel * kWide < size_; ++panel) {
      for (std::size_t row = begin; row < end; row += kHigh)
        compare(row, std::min(end, row + kHigh), panel, begin, best);
    }
    for (std::size_t row = begin; row < end; ++row) write(row, best[row - begin], all);
  }

 private:
  void compare(std::size_t row, std::size_t end, std::size_t panel, std::size_t begin,
               std::vector<Best>& best) const {
    std::array<const float*, kHigh> rows{};
    for (std::size_t i = 0; i < kHigh; ++i)
      rows[i] = units_.data() + std::min(row + i, end - 1) * dimensions_;
    Tile tile;
    multiply_(rows.data(), panels_.data() + panel * kWide * dimensions_, dimensions_, tile);
    const std::size_t columns = std::min(kWide, size_ - panel * kWide);
    for (std::size_t i = 0; row + i < end; ++i) {
      Best& mine = best[row + i - begin];
      for (std::size_t j = 0; j < columns; ++j) {
        const float similarity = tile[i * kWide + j];
        const std::size_t other = panel * kWide + j;
        if (similarity >= mine.floor() && other != row + i)
          mine.offer(static_cast<Vertex>(other), similarity);
      }
    }
  }

  void write(std::size_t row, Best& best, std::vector<Neighbour>& all) const {
    Best exact(count_);
    for (const Neighbour& one : best.sorted()) {
      const double cosine = product(row, one.vertex) / lengths_[row] / lengths_[one.vertex];
      exact.offer(one.vertex, std::clamp(cosine, -1.0, 1.0));
    }
    std::ranges::copy(exact.sorted(), all.begin() + static_cast<std::ptrdiff_t>(row * count_));
  }

  [[nodiscard]] double product(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (std::size_t d = 0; d < dimensions_; ++d)
      sum += double{vectors_.row(a)[d]} * double{vectors_.row(b)[d]};
    return sum;
  }

  const VectorTable& vectors_;
  std::size_t size_, dimensions_, count_;
  std::vector<double> lengths_;
  std::vector<float> panels_, units_;
  Multiply multiply_ = best_multiply();
};

}  // namespace

Result<std::vector<Neighbour>> nearest(const VectorTable& vectors, std::size_t count, unsigned threads,
                                       const Progress& progress) {
  const std::size_t size = vectors.size();
  count = std::min(count, size == 0 ? 0 : size - 1);
  Search search(vectors, count);
  if (auto ready = search.prepare(); !ready) return std::unexpected(ready.error());
  std::vector<Neighbour> all(size * count);
  if (count == 0) return all;
  std::atomic<std::size_t> done{0};
  cpu::each_task(search.tasks(), cpu::thread_count(threads), [&](std::size_t task, unsigned worker) {
    search.run(task, all);
    const std::size_t so_far = ++done;
    if (worker == 0 && progress) progress(static_cast<double>(so_far) / static_cast<double>(search.tasks()));
  });
  return all;
}

}  // namespace llt::analytics
