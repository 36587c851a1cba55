#pragma once
// One rule per piece of advice: a question to the store, and a judgement of its one row. The judgements are
// pure.

#include <optional>
#include <span>
#include <string_view>

#include "app/advice.h"

namespace llt::app {

struct AdviceRule {
  std::string_view topic;
  std::string_view sql;  ///< one row; {window} stands for the condition on start_unix_ns
  std::optional<Advice> (*judge)(const nlohmann::ordered_json& row);
};

[[nodiscard]] std::span<const AdviceRule> advice_rules();

/// A row of the events of one kind.
[[nodiscard]] Advice sickness_advice(const nlohmann::ordered_json& row);

}  // namespace llt::app
