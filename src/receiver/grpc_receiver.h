#pragma once
// OTLP over gRPC: the export services of traces, metrics and logs.
// https://opentelemetry.io/docs/specs/otlp/#otlpgrpc

#include <memory>

#include "base/endpoint.h"
#include "base/error.h"
#include "receiver/intake.h"

namespace llt::receiver {

/// Listens until destroyed; requests being stored then are answered first.
class GrpcReceiver {
 public:
  /// Errors: already_exists (the port is taken, or cannot be listened on). `intake` outlives it.
  static Result<std::unique_ptr<GrpcReceiver>> start(const Endpoint& listen, Intake& intake);
  virtual ~GrpcReceiver() = default;
  /// Where it listens, with the port that was chosen when 0 was asked for.
  [[nodiscard]] virtual Endpoint address() const = 0;
};

}  // namespace llt::receiver
