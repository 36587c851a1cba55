#pragma once
// What the body of an OTLP request over HTTP says, and the bodies of answers.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "receiver/otlp_rows.h"

namespace llt::receiver {

enum class Signal : std::uint8_t { traces, metrics, logs };
enum class Encoding : std::uint8_t { protobuf, json };

/// By the Content-Type, parameters ignored; nothing for any other.
[[nodiscard]] std::optional<Encoding> encoding_of(std::string_view content_type);
[[nodiscard]] std::string_view content_type_of(Encoding encoding);

/// A request's body as it came.
struct Body {
  std::string_view bytes;
  Encoding encoding = Encoding::protobuf;
  std::string_view packing;  ///< the Content-Encoding; empty without one
};

/// Unpack and parse. Errors: invalid_argument, resource_exhausted (more than `limit` bytes unpacked).
[[nodiscard]] Result<TraceRequest> parse_traces(const Body& body, std::size_t limit);
/// The number of data points or log records.
[[nodiscard]] Result<std::uint64_t> count_records(Signal signal, const Body& body, std::size_t limit);

/// The export response of a signal.
[[nodiscard]] std::string accepted_body(Signal signal, Encoding encoding, std::uint64_t rejected,
                                        const std::string& reason);
/// google.rpc.Status, which OTLP's errors are.
[[nodiscard]] std::string status_body(Encoding encoding, int grpc_code, const std::string& message);

}  // namespace llt::receiver
