#pragma once
// Rows on their way to the writer: bounded, and quick to add to.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <tuple>
#include <vector>

#include "schema/rows.h"

namespace llt::store {

/// Rows of all tables, in the order of arrival within each.
class Batch {
 public:
  template <class Row>
  [[nodiscard]] std::vector<Row>& of() noexcept {
    return std::get<std::vector<Row>>(lists_);
  }
  /// Calls `visit(rows)` for the list of each table.
  template <class Visitor>
  void each(Visitor&& visit) {
    std::apply([&](auto&... rows) { (visit(rows), ...); }, lists_);
  }
  template <class Visitor>
  void each(Visitor&& visit) const {
    std::apply([&](const auto&... rows) { (visit(rows), ...); }, lists_);
  }

  [[nodiscard]] std::size_t rows() const noexcept {
    std::size_t sum = 0;
    each([&](const auto& rows) { sum += rows.size(); });
    return sum;
  }
  [[nodiscard]] bool empty() const noexcept { return rows() == 0; }

  /// Keeps the memory for the next rows, up to what a busy second needs.
  void clear() {
    each([](auto& rows) {
      constexpr std::size_t kKeptRows = 8192;
      rows.clear();
      if (rows.capacity() > kKeptRows) rows.shrink_to_fit();
    });
  }

 private:
  RowLists lists_;
};

/// Many producers, one consumer. The lock is held for one move of a row, or one swap.
class RowQueue {
 public:
  /// `max_bytes` bounds the rows here and those the consumer took and has not released.
  explicit RowQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Takes what `row` points to; drops it, counted, when there is no room or the queue is closed.
  void push(AnyRow row) noexcept;
  /// All or none, and not counted when none.
  [[nodiscard]] bool push_all(std::vector<SpanRow>&& rows) noexcept;

  /// Moves everything here behind what is in `batch`, which must be the same object until release().
  void take(Batch& batch);
  /// The rows taken are stored, or given up.
  void release();

  /// Sleeps until `interval_ms` have passed, or flush was asked for, or the queue is closed.
  void wait(int interval_ms);
  /// Ends the consumer's wait; gives the number of rows ever accepted.
  std::uint64_t request_flush();
  void close();
  [[nodiscard]] bool closed() const;

  [[nodiscard]] std::uint64_t accepted() const;
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  template <class Row>
  void push_row(Row& row) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Batch waiting_;
  std::size_t max_bytes_, waiting_bytes_ = 0, taken_bytes_ = 0;
  std::uint64_t accepted_ = 0, dropped_ = 0;
  bool flush_ = false, closed_ = false;
};

}  // namespace llt::store
