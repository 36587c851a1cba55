#pragma once
// Spans to a collector, over HTTP or gRPC, as the OTLP specification has it: what may be sent again is sent
// again, what was refused is not.

#include <map>
#include <memory>

#include "views/exports/http_call.h"

namespace llt::views {

struct OtlpTarget {
  bool grpc = false;
  std::string endpoint;  ///< HTTP: the whole URL; gRPC: http(s)://host:port
  std::map<std::string, std::string> headers;
  std::int64_t timeout_ms = 10'000;
  bool gzip = false;
  bool insecure = false;  ///< gRPC without TLS
  HttpTrust trust;
};

/// What the collector made of a batch.
struct OtlpAnswer {
  std::int64_t rejected = 0;  ///< spans that it did not take
  std::string message;        ///< its words; may be there with nothing rejected
};

/// One attempt at a batch. An error with `again` may pass.
struct OtlpFailure {
  Error error;
  bool again = false;
  int pause_s = 0;  ///< that the collector asks for
};

class OtlpSender {
 public:
  virtual ~OtlpSender() = default;
  /// `batch` is a serialized ExportTraceServiceRequest.
  [[nodiscard]] virtual std::expected<OtlpAnswer, OtlpFailure> send(const std::string& batch) = 0;
};

[[nodiscard]] std::unique_ptr<OtlpSender> make_otlp_sender(const OtlpTarget& target);

/// Told why a batch has to be sent again.
using RetryNote = std::function<void(const std::string& why)>;

/// Sends until it is taken or refused, four times at most, with growing pauses. A batch whose answer was lost
/// may arrive twice.
[[nodiscard]] Result<OtlpAnswer> send_patiently(OtlpSender& sender, const std::string& batch,
                                                const RetryNote& note);

}  // namespace llt::views
