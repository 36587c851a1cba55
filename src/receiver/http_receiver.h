#pragma once
// OTLP over HTTP/1.1: POST /v1/traces, /v1/metrics, /v1/logs.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp

#include <memory>

#include "base/endpoint.h"
#include "base/error.h"
#include "receiver/intake.h"

namespace llt::receiver {

/// Listens until destroyed; requests being stored then are answered first.
class HttpReceiver {
 public:
  /// Errors: already_exists (the port is taken), invalid_argument, permission_denied. `intake` outlives it.
  static Result<std::unique_ptr<HttpReceiver>> start(const Endpoint& listen, Intake& intake);
  virtual ~HttpReceiver() = default;
  /// Where it listens, with the port that was chosen when 0 was asked for.
  [[nodiscard]] virtual Endpoint address() const = 0;
};

}  // namespace llt::receiver
