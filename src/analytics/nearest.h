#pragma once
// The most similar vectors of each vector: exact, in blocks, without a matrix of all pairs.

#include <span>
#include <vector>

#include "analytics/algorithm.h"

namespace llt::analytics {

/// Row i is values[i * dimensions] to values[(i + 1) * dimensions - 1].
struct VectorTable {
  std::size_t dimensions = 0;
  std::vector<float> values;

  [[nodiscard]] std::size_t size() const noexcept { return dimensions == 0 ? 0 : values.size() / dimensions; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const noexcept {
    return {values.data() + i * dimensions, dimensions};
  }
};

struct Neighbour {
  Vertex vertex;
  double similarity;  ///< cosine, -1 to 1

  bool operator==(const Neighbour&) const = default;
};

/// The more similar one first, equal ones in their own order.
[[nodiscard]] inline bool nearer(const Neighbour& a, const Neighbour& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.vertex < b.vertex;
}

/// For each row its `count` nearest others (fewer when there are not so many), the most similar first, equal
/// ones in their own order: row i's at [i * n, (i + 1) * n) with n = min(count, size() - 1). By the CPU;
/// needs memory for the vectors twice and the result. The same answer for any number of threads, and the one
/// that comparing every pair in double precision would give. Fails with invalid_argument, naming the row,
/// when a vector is all zeros: it is not more like one than like another.
[[nodiscard]] Result<std::vector<Neighbour>> nearest(const VectorTable& vectors, std::size_t count,
                                                     unsigned threads, const Progress& progress);

}  // namespace llt::analytics
