#pragma once
// The heads that the gateway writes: requests to the upstream, answers to the client.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/errors.h"
#include "gateway/http_head.h"
#include "gateway/upstream.h"
#include "telemetry/request_record.h"

namespace llt::gateway {

/// How a body's end is marked on the wire.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct UpstreamHead {
  const RequestReader& client;
  std::string_view target;  ///< origin form
  const Upstream& upstream;
  const telemetry::RequestRecord& record;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  ///< for Framing::length
  bool strip_credentials = false;    ///< the client's key was for us
  bool refuse_encodings = false;     ///< we read the answer, so it must not be compressed
};

void write_upstream_head(const UpstreamHead& head, std::string& out);

struct ClientHead {
  const ResponseReader& upstream;
  const telemetry::RequestRecord& record;
  Framing framing = Framing::none;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool show_timings = false;                              ///< the client asked for x-llamatelemetry-* headers
  std::optional<double> queue_ms, prefill_ms, decode_ms;  ///< when known before the head goes out
  std::optional<std::uint64_t> content_length;            ///< when it is not the upstream's
};

void write_client_head(const ClientHead& head, std::string& out);

/// A whole error answer.
void write_error_answer(const GatewayError& error, Api api, std::string_view request_id, bool keep_alive,
                        bool head_only, std::string& out);

/// A whole answer to GET /v1/models, of several servers together.
void write_models_answer(const std::vector<UpstreamSet::Model>& models, std::string_view request_id,
                         bool keep_alive, bool head_only, std::string& out);

/// One chunk of chunked transfer coding; nothing for empty data, which would end the body.
void write_chunk(std::string_view data, std::string& out);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace llt::gateway
