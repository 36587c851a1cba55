#pragma once
// A store for tests: keeps the rows it is given.

#include <mutex>
#include <tuple>
#include <vector>

#include "store/store.h"

namespace llt::telemetry::testing {

class RowKeeper final : public store::Store {
 public:
  /// The rows it was given, in order. While others append, hold `mutex`.
  template <class Row>
  [[nodiscard]] std::vector<Row>& of() {
    return std::get<std::vector<Row>>(lists_);
  }

  bool append_all(std::vector<store::SpanRow>&& rows) noexcept override {
    for (store::SpanRow& row : rows) append(std::move(row));
    return true;
  }
  [[nodiscard]] store::Health health() const override { return {}; }
  bool flush(int) override { return true; }
  void close() override {}
  [[nodiscard]] Result<store::QueryInfo> query(std::string_view, store::Format, const store::QueryLimits&,
                                               const store::Sink&) override {
    return fail(ErrorCode::unavailable, "this store only keeps rows");
  }

  mutable std::mutex mutex;

 private:
  void append_any(store::AnyRow any) noexcept override {
    const std::lock_guard lock(mutex);
    std::visit([this]<class Row>(Row* row) { of<Row>().push_back(std::move(*row)); }, any);
  }

  store::RowLists lists_;
};

}  // namespace llt::telemetry::testing
