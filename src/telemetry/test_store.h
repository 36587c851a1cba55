#pragma once
// A store for tests: keeps the rows it is given.

#include <mutex>
#include <vector>

#include "store/store.h"

namespace llt::telemetry::testing {

class RowKeeper final : public store::Store {
 public:
  void append(store::RequestRow&& row) noexcept override { keep(requests, std::move(row)); }
  void append(store::ResourceRow&& row) noexcept override { keep(resources, std::move(row)); }
  void append(store::SpanRow&& row) noexcept override { keep(spans, std::move(row)); }
  bool append_all(std::vector<store::SpanRow>&& rows) noexcept override {
    for (store::SpanRow& row : rows) keep(spans, std::move(row));
    return true;
  }
  void append(store::EventRow&& row) noexcept override { keep(events, std::move(row)); }
  void append(store::MetricRow&& row) noexcept override { keep(metrics, std::move(row)); }
  void append(store::GpuRow&&) noexcept override {}
  void append(store::GpuSampleRow&&) noexcept override {}
  void append(store::GpuProcessRow&&) noexcept override {}
  void append(store::StepRow&& row) noexcept override { keep(steps, std::move(row)); }
  void append(store::StepMemberRow&& row) noexcept override { keep(step_members, std::move(row)); }
  void append(store::TurnRow&& row) noexcept override { keep(turns, std::move(row)); }
  void append(store::InterferenceRow&& row) noexcept override { keep(interference, std::move(row)); }
  void append(store::AttributionRow&& row) noexcept override { keep(attribution, std::move(row)); }
  void append(store::PromptReuseRow&& row) noexcept override { keep(prompt_reuse, std::move(row)); }
  void append(store::StateCopyRow&& row) noexcept override { keep(state_copies, std::move(row)); }
  void append(store::EngineRow&& row) noexcept override { keep(engines, std::move(row)); }

  [[nodiscard]] store::Health health() const override { return {}; }
  bool flush(int) override { return true; }
  void close() override {}
  [[nodiscard]] Result<store::QueryInfo> query(std::string_view, store::Format, const store::QueryLimits&,
                                               const store::Sink&) override {
    return fail(ErrorCode::unavailable, "this store only keeps rows");
  }

  mutable std::mutex mutex;
  std::vector<store::RequestRow> requests;
  std::vector<store::ResourceRow> resources;
  std::vector<store::SpanRow> spans;
  std::vector<store::EventRow> events;
  std::vector<store::MetricRow> metrics;
  std::vector<store::StepRow> steps;
  std::vector<store::StepMemberRow> step_members;
  std::vector<store::TurnRow> turns;
  std::vector<store::InterferenceRow> interference;
  std::vector<store::AttributionRow> attribution;
  std::vector<store::PromptReuseRow> prompt_reuse;
  std::vector<store::StateCopyRow> state_copies;
  std::vector<store::EngineRow> engines;

 private:
  template <class Row>
  void keep(std::vector<Row>& rows, Row&& row) {
    const std::lock_guard lock(mutex);
    rows.push_back(std::move(row));
  }
};

}  // namespace llt::telemetry::testing
