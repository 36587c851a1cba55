#pragma once
// The attributes of one measurement, without allocation.

#include <opentelemetry/common/key_value_iterable.h>

#include <array>
#include <string_view>

#include "base/error.h"

namespace llt::telemetry {

/// At most ten attributes, always added in the same order for one instrument: the SDK's hash depends on it.
class MetricLabels final : public opentelemetry::common::KeyValueIterable {
 public:
  void add(const char* key, std::string_view text) {
    if (!text.empty()) append(key, opentelemetry::nostd::string_view(text.data(), text.size()));
  }
  void add(const char* key, std::int64_t number) { append(key, number); }

  bool ForEachKeyValue(opentelemetry::nostd::function_ref<bool(opentelemetry::nostd::string_view,
                                                               opentelemetry::common::AttributeValue)>
                           visit) const noexcept override {
    for (std::size_t i = 0; i < size_; ++i) {
      if (!visit(items_[i].key, items_[i].value)) return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t size() const noexcept override { return size_; }

 private:
  struct Item {
    opentelemetry::nostd::string_view key;
    opentelemetry::common::AttributeValue value;
  };
  void append(const char* key, opentelemetry::common::AttributeValue value) {
    LLT_CHECK(size_ < items_.size());
    items_[size_++] = {key, value};
  }

  std::array<Item, 10> items_{};
  std::size_t size_ = 0;
};

}  // namespace llt::telemetry
