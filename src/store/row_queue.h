#pragma once
// Rows on their way to the writer: bounded, and quick to add to.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "schema/losses.h"
#include "schema/rows.h"

namespace llt::store {

/// Rows of all tables, in the order of arrival within each.
struct Batch {
  std::vector<RequestRow> requests;
  std::vector<ResourceRow> resources;
  std::vector<SpanRow> spans;
  std::vector<EventRow> events;
  std::vector<MetricRow> metrics;
  std::vector<GpuRow> gpus;
  std::vector<GpuSampleRow> gpu_samples;
  std::vector<GpuProcessRow> gpu_processes;
  std::vector<StepRow> steps;
  std::vector<StepMemberRow> step_members;
  std::vector<TurnRow> turns;
  std::vector<InterferenceRow> interference;
  std::vector<AttributionRow> attribution;
  std::vector<PromptReuseRow> prompt_reuse;
  std::vector<StateCopyRow> state_copies;
  std::vector<EngineRow> engines;

  [[nodiscard]] std::size_t rows() const noexcept {
    return requests.size() + resources.size() + spans.size() + events.size() + metrics.size() + gpu_rows() +
           step_rows();
  }
  [[nodiscard]] std::size_t gpu_rows() const noexcept {
    return gpus.size() + gpu_samples.size() + gpu_processes.size();
  }
  /// Of the tables that the engine's probe fills.
  [[nodiscard]] std::size_t step_rows() const noexcept {
    return steps.size() + step_members.size() + turns.size() + interference.size() + attribution.size() +
           prompt_reuse.size() + state_copies.size() + engines.size();
  }
  [[nodiscard]] bool empty() const noexcept { return rows() == 0; }

  /// Keeps the memory for the next rows, up to what a busy second needs.
  void clear() {
    const auto empty = [](auto& rows) {
      constexpr std::size_t kKeptRows = 8192;
      rows.clear();
      if (rows.capacity() > kKeptRows) rows.shrink_to_fit();
    };
    empty(requests), empty(resources), empty(spans), empty(events), empty(metrics);
    empty(gpus), empty(gpu_samples), empty(gpu_processes);
    empty(steps), empty(step_members), empty(turns), empty(interference), empty(attribution);
    empty(prompt_reuse), empty(state_copies), empty(engines);
  }

  std::vector<RequestRow>& of(const RequestRow&) noexcept { return requests; }
  std::vector<ResourceRow>& of(const ResourceRow&) noexcept { return resources; }
  std::vector<SpanRow>& of(const SpanRow&) noexcept { return spans; }
  std::vector<EventRow>& of(const EventRow&) noexcept { return events; }
  std::vector<MetricRow>& of(const MetricRow&) noexcept { return metrics; }
  std::vector<GpuRow>& of(const GpuRow&) noexcept { return gpus; }
  std::vector<GpuSampleRow>& of(const GpuSampleRow&) noexcept { return gpu_samples; }
  std::vector<GpuProcessRow>& of(const GpuProcessRow&) noexcept { return gpu_processes; }
  std::vector<StepRow>& of(const StepRow&) noexcept { return steps; }
  std::vector<StepMemberRow>& of(const StepMemberRow&) noexcept { return step_members; }
  std::vector<TurnRow>& of(const TurnRow&) noexcept { return turns; }
  std::vector<InterferenceRow>& of(const InterferenceRow&) noexcept { return interference; }
  std::vector<AttributionRow>& of(const AttributionRow&) noexcept { return attribution; }
  std::vector<PromptReuseRow>& of(const PromptReuseRow&) noexcept { return prompt_reuse; }
  std::vector<StateCopyRow>& of(const StateCopyRow&) noexcept { return state_copies; }
  std::vector<EngineRow>& of(const EngineRow&) noexcept { return engines; }
};

/// Many producers, one consumer. The lock is held for one move of a row, or one swap.
class RowQueue {
 public:
  /// `max_bytes` bounds the rows here and those the consumer took and has not released.
  explicit RowQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Drops the row, counted, when there is no room or the queue is closed.
  template <class Row>
  void push(Row&& row) noexcept;
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
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Batch waiting_;
  std::size_t max_bytes_, waiting_bytes_ = 0, taken_bytes_ = 0;
  std::uint64_t accepted_ = 0, dropped_ = 0;
  bool flush_ = false, closed_ = false;
};

}  // namespace llt::store
