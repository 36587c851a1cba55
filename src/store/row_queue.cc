#include "store/row_queue.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "base/losses.h"

namespace llt::store {
namespace {

/// Memory that a row holds beyond its own size.
struct HeapBytes {
  std::size_t sum = 0;
  void operator()(const std::string& text) { sum += text.capacity(); }
  template <class T>
  void operator()(const std::vector<T>& list) {
    sum += list.capacity() * sizeof(T);
  }
  template <class T>
  void operator()(const std::optional<T>& value) {
    if (value) (*this)(*value);
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T) {}
};

template <class Row>
std::size_t bytes_of(const Row& row) {
  HeapBytes heap;
  for_each_column(row, heap);
  return sizeof(Row) + heap.sum;
}

template <class Row>
void move_behind(std::vector<Row>& to, std::vector<Row>& from) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

}  // namespace

void RowQueue::push(AnyRow any) noexcept {
  std::visit([this](auto* row) { push_row(*row); }, any);
}

template <class Row>
void RowQueue::push_row(Row& row) noexcept {
  const std::size_t bytes = bytes_of(row);
  const std::lock_guard lock(mutex_);
  if (!closed_ && waiting_bytes_ + taken_bytes_ + bytes <= max_bytes_) {
    try {
      waiting_.of<Row>().push_back(std::move(row));
      waiting_bytes_ += bytes;
      ++accepted_;
      return;
    } catch (const std::bad_alloc&) {
      // No memory for one more row: dropped and counted like any other.
    }
  }
  ++dropped_;
  count_loss(TableOf<Row>::loss);
}

bool RowQueue::push_all(std::vector<SpanRow>&& rows) noexcept {
  std::size_t bytes = 0;
  for (const SpanRow& row : rows) bytes += bytes_of(row);
  const std::lock_guard lock(mutex_);
  if (closed_ || waiting_bytes_ + taken_bytes_ + bytes > max_bytes_) return false;
  const std::size_t count = rows.size();
  std::vector<SpanRow>& waiting = waiting_.of<SpanRow>();
  try {
    waiting.reserve(waiting.size() + count);
  } catch (const std::bad_alloc&) {
    return false;
  }
  move_behind(waiting, rows);
  waiting_bytes_ += bytes;
  accepted_ += count;
  return true;
}

void RowQueue::take(Batch& batch) {
  const std::lock_guard lock(mutex_);
  waiting_.each([&]<class Row>(std::vector<Row>& rows) { move_behind(batch.of<Row>(), rows); });
  taken_bytes_ += std::exchange(waiting_bytes_, 0);
}

void RowQueue::release() {
  const std::lock_guard lock(mutex_);
  taken_bytes_ = 0;
}

void RowQueue::wait(int interval_ms) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::milliseconds(interval_ms), [this] { return flush_ || closed_; });
  flush_ = false;
}

std::uint64_t RowQueue::request_flush() {
  const std::lock_guard lock(mutex_);
  flush_ = true;
  wake_.notify_all();
  return accepted_;
}

void RowQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  wake_.notify_all();
}

bool RowQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::uint64_t RowQueue::accepted() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

std::uint64_t RowQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace llt::store
