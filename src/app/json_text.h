#pragma once
// What our JSON documents have in common.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace llt::app {

/// null where a value is not known.
template <class T>
[[nodiscard]] nlohmann::ordered_json known(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// Bytes that are no UTF-8 are replaced. `indent` -1: one line.
[[nodiscard]] inline std::string to_text(const nlohmann::ordered_json& document, int indent = 2) {
  return document.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace llt::app
