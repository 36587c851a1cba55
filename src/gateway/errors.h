#pragma once
// Answers that the gateway itself gives: OpenAI-shaped errors (Messages-shaped on /v1/messages), so that any
// client library understands them.

#include <string>
#include <string_view>

#include "gateway/routes.h"

namespace llt::gateway {

/// A failure that the client is told of. `type` is also the request's error.type in telemetry.
struct GatewayError {
  int status = 500;
  std::string_view type;  ///< low cardinality: "upstream_unreachable"
  std::string message;
  int retry_after_s = 0;  ///< sent as Retry-After when > 0
};

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// The JSON body.
[[nodiscard]] std::string error_body(const GatewayError& error, Api api);

/// The event that ends a broken stream, blank line included.
[[nodiscard]] std::string error_event(const GatewayError& error, Api api);

}  // namespace llt::gateway
