#pragma once
// What both searches for the nearest share, so that they cannot differ in it. A search finds candidates in
// single precision; here they are compared in double, and where single precision cannot tell whether another
// belongs among them, the row is searched again.

#include <utility>

#include "analytics/cpu/panels.h"
#include "analytics/nearest.h"

namespace llt::analytics {

class ExactNearest {
 public:
  /// `vectors` must live as long as this. Errors: as nearest().
  static Result<ExactNearest> make(const VectorTable& vectors, std::size_t count);

  /// How many neighbours each row gets.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// How many others a search should find for each row: some to spare, so that few rows are searched again.
  [[nodiscard]] std::size_t candidates() const noexcept;
  /// Writes row after row with the length 1, size() * dimensions numbers.
  void write_units(float* to, unsigned threads) const;
  /// How far from a similarity the product of two such rows can be, however it was added up in single
  /// precision.
  [[nodiscard]] double margin() const noexcept;
  /// In double precision, the same whoever asks.
  [[nodiscard]] double similarity(Vertex a, Vertex b) const;

  /// Takes what was found for a row: others than itself, at least count(), none of them twice, similar in
  /// single precision as they say. `floor`: no vector that was not found is more similar than that; -infinity
  /// when all were found. False when a similarity is none: further off than the margin. Several threads may
  /// settle different rows.
  [[nodiscard]] bool settle(Vertex row, std::span<const Neighbour> found, double floor);

  /// The vectors as the CPU searches them.
  [[nodiscard]] cpu::Panels panels(unsigned threads) const;
  /// Rows for which what was found is not enough to be certain.
  [[nodiscard]] std::vector<Vertex> unsure() const;
  /// Searches rows again, by the CPU, so that they are certain.
  void search_again(const cpu::Panels& panels, std::span<const Vertex> rows, unsigned threads);
  /// When all rows are settled and certain: as nearest() gives them.
  [[nodiscard]] std::vector<Neighbour> take() && { return std::move(all_); }

 private:
  ExactNearest(const VectorTable& vectors, std::size_t count);
  void search_few_again(const cpu::Panels& panels, std::span<const Vertex> rows);
  void keep(Vertex row, const std::vector<Neighbour>& nearest);

  const VectorTable* vectors_;
  std::size_t size_, count_;
  std::vector<double> squares_;  ///< of the lengths
  std::vector<Neighbour> all_;
  std::vector<std::uint8_t> unsure_;
};

}  // namespace llt::analytics
