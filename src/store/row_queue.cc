#include "store/row_queue.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "base/losses.h"

namespace llt::store {
namespace {

constexpr Loss loss_of(const RequestRow&) noexcept { return Loss::store_requests_dropped; }
constexpr Loss loss_of(const ResourceRow&) noexcept { return Loss::store_resources_dropped; }
constexpr Loss loss_of(const SpanRow&) noexcept { return Loss::store_spans_dropped; }
constexpr Loss loss_of(const EventRow&) noexcept { return Loss::store_events_dropped; }
constexpr Loss loss_of(const MetricRow&) noexcept { return Loss::store_metrics_dropped; }
constexpr Loss loss_of(const GpuRow&) noexcept { return Loss::store_gpu_rows_dropped; }
constexpr Loss loss_of(const GpuSampleRow&) noexcept { return Loss::store_gpu_rows_dropped; }
constexpr Loss loss_of(const GpuProcessRow&) noexcept { return Loss::store_gpu_rows_dropped; }
constexpr Loss loss_of(const StepRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const StepMemberRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const TurnRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const InterferenceRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const AttributionRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const PromptReuseRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const StateCopyRow&) noexcept { return Loss::store_steps_dropped; }
constexpr Loss loss_of(const EngineRow&) noexcept { return Loss::store_steps_dropped; }

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

template <class Row>
void RowQueue::push(Row&& row) noexcept {
  const std::size_t bytes = bytes_of(row);
  const std::lock_guard lock(mutex_);
  if (!closed_ && waiting_bytes_ + taken_bytes_ + bytes <= max_bytes_) {
    try {
      // NOLINTNEXTLINE(bugprone-move-forwarding-reference): only instantiated for rvalues, see below
      waiting_.of(row).push_back(std::move(row));
      waiting_bytes_ += bytes;
      ++accepted_;
      return;
    } catch (const std::bad_alloc&) {
      // No memory for one more row: dropped and counted like any other.
    }
  }
  ++dropped_;
  count_loss(loss_of(row));
}

template void RowQueue::push(RequestRow&&) noexcept;
template void RowQueue::push(ResourceRow&&) noexcept;
template void RowQueue::push(SpanRow&&) noexcept;
template void RowQueue::push(EventRow&&) noexcept;
template void RowQueue::push(MetricRow&&) noexcept;
template void RowQueue::push(GpuRow&&) noexcept;
template void RowQueue::push(GpuSampleRow&&) noexcept;
template void RowQueue::push(GpuProcessRow&&) noexcept;
template void RowQueue::push(StepRow&&) noexcept;
template void RowQueue::push(StepMemberRow&&) noexcept;
template void RowQueue::push(TurnRow&&) noexcept;
template void RowQueue::push(InterferenceRow&&) noexcept;
template void RowQueue::push(AttributionRow&&) noexcept;
template void RowQueue::push(PromptReuseRow&&) noexcept;
template void RowQueue::push(StateCopyRow&&) noexcept;
template void RowQueue::push(EngineRow&&) noexcept;

bool RowQueue::push_all(std::vector<SpanRow>&& rows) noexcept {
  std::size_t bytes = 0;
  for (const SpanRow& row : rows) bytes += bytes_of(row);
  const std::lock_guard lock(mutex_);
  if (closed_ || waiting_bytes_ + taken_bytes_ + bytes > max_bytes_) return false;
  const std::size_t count = rows.size();
  try {
    waiting_.spans.reserve(waiting_.spans.size() + count);
  } catch (const std::bad_alloc&) {
    return false;
  }
  move_behind(waiting_.spans, rows);
  waiting_bytes_ += bytes;
  accepted_ += count;
  return true;
}

void RowQueue::take(Batch& batch) {
  const std::lock_guard lock(mutex_);
  move_behind(batch.requests, waiting_.requests);
  move_behind(batch.resources, waiting_.resources);
  move_behind(batch.spans, waiting_.spans);
  move_behind(batch.events, waiting_.events);
  move_behind(batch.metrics, waiting_.metrics);
  move_behind(batch.gpus, waiting_.gpus);
  move_behind(batch.gpu_samples, waiting_.gpu_samples);
  move_behind(batch.gpu_processes, waiting_.gpu_processes);
  move_behind(batch.steps, waiting_.steps);
  move_behind(batch.step_members, waiting_.step_members);
  move_behind(batch.turns, waiting_.turns);
  move_behind(batch.interference, waiting_.interference);
  move_behind(batch.attribution, waiting_.attribution);
  move_behind(batch.prompt_reuse, waiting_.prompt_reuse);
  move_behind(batch.state_copies, waiting_.state_copies);
  move_behind(batch.engines, waiting_.engines);
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
