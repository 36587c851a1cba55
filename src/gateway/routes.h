#pragma once
// Which paths are inference, and under which bounded name a path appears in telemetry.

#include <string_view>

#include "telemetry/request_record.h"

namespace llt::gateway {

/// The shape of a route's errors and stream events.
enum class Api : std::uint8_t { openai, responses, anthropic, native };

struct Route {
  std::string_view name;  ///< for telemetry; "other" for unknown paths, so that the set is bounded
  telemetry::Operation operation = telemetry::Operation::none;
  Api api = Api::openai;

  [[nodiscard]] bool is_inference() const noexcept { return operation != telemetry::Operation::none; }
};

/// `path` without query. Inference routes are understood for POST only.
[[nodiscard]] Route find_route(std::string_view method, std::string_view path) noexcept;

}  // namespace llt::gateway
