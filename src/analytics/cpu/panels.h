#pragma once
// Similarities of a few vectors to all, in single precision, as fast as the processor multiplies.

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "analytics/edges.h"

namespace llt::analytics::cpu {

/// Vectors lie in panels: the first numbers of 16 vectors, then their second ones, and so on. Four vectors
/// are multiplied with a panel at a time, so that a number that was read is used four times.
class Panels {
 public:
  /// Rows for which one call of compare() keeps a panel in the cache.
  static constexpr std::size_t kRowsATask = 64;

  /// `units`: vectors of length 1, row after row.
  Panels(std::vector<float> units, std::size_t dimensions, unsigned threads);

  /// Calls take(i, vertex, similarity) for each of `rows`, counted by i, and every vector: for one row the
  /// vertices ascend.
  template <class Take>
  void compare(std::span<const Vertex> rows, Take&& take) const {
    Tile tile;
    for (std::size_t first = 0; first < size_; first += kWide) {
      const std::size_t columns = std::min(kWide, size_ - first);
      for (std::size_t row = 0; row < rows.size(); row += kHigh) {
        const std::size_t high = std::min(kHigh, rows.size() - row);
        multiply(rows.subspan(row, high), first, tile);
        for (std::size_t i = 0; i < high; ++i) {
          for (std::size_t j = 0; j < columns; ++j)
            take(row + i, static_cast<Vertex>(first + j), tile[i * kWide + j]);
        }
      }
    }
  }

 private:
  static constexpr std::size_t kWide = 16, kHigh = 4;
  using Tile = std::array<float, kHigh * kWide>;
  using Multiply = void (*)(const float* const*, const float*, std::size_t, Tile&);

  static Multiply best_multiply();
  void multiply(std::span<const Vertex> rows, std::size_t first, Tile& tile) const {
    std::array<const float*, kHigh> pointers{};
    for (std::size_t i = 0; i < kHigh; ++i)
      pointers[i] = units_.data() + std::size_t{rows[std::min(i, rows.size() - 1)]} * dimensions_;
    multiply_(pointers.data(), panels_.data() + first * dimensions_, dimensions_, tile);
  }

  std::size_t size_, dimensions_;
  std::vector<float> units_, panels_;
  Multiply multiply_ = best_multiply();
};

}  // namespace llt::analytics::cpu
