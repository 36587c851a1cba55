#pragma once
// What the gateway knows about one request when it is over: the only thing that crosses from the request
// path to the telemetry thread. Plain data, filled by one coroutine, then moved.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace llt::telemetry {

/// Where a request is, seen from the gateway. At each moment it is in exactly one of these, so the times
/// in PhaseClock add up to the request's total by construction.
enum class Phase : std::uint8_t {
  receive,  ///< reading the request from the client
  gateway,  ///< our own work: parsing, routing, rewriting, copying
  connect,  ///< opening a connection to the upstream
  queue,    ///< sent to the upstream, not started there (or: not known to have started)
  prefill,  ///< the engine processes the prompt
  decode,   ///< the engine produces tokens
  client,   ///< blocked: the client does not take what we have for it
};
inline constexpr std::size_t kPhaseCount = 7;

/// When a request was blocked by its client: the first waits that were long enough to matter.
class ClientWaits {
 public:
  static constexpr std::int64_t kShortest = 100'000;

  void note(SteadyNs from, SteadyNs to) noexcept {
    if (to - from >= kShortest && size_ < waits_.size()) waits_[size_++] = {from, to};
  }
  [[nodiscard]] std::span<const std::pair<SteadyNs, SteadyNs>> list() const noexcept {
    return {waits_.data(), size_};
  }

 private:
  std::array<std::pair<SteadyNs, SteadyNs>, 16> waits_{};
  std::size_t size_ = 0;
};

/// Exact partition of a request's time. enter() is one clock read and one addition.
class PhaseClock {
 public:
  void start(SteadyNs at, Phase phase) noexcept {
    since_ = at;
    phase_ = phase;
  }
  void enter(Phase phase, SteadyNs at = now_steady()) noexcept {
    ns_[static_cast<std::size_t>(phase_)] += at - since_;
    if (phase_ == Phase::client) client_waits_.note(since_, at);
    since_ = at;
    phase_ = phase;
  }
  /// Books all time of one phase under another, when later knowledge shows where it belongs.
  void rebook(Phase from, Phase to) noexcept {
    ns_[static_cast<std::size_t>(to)] += ns_[static_cast<std::size_t>(from)];
    ns_[static_cast<std::size_t>(from)] = 0;
  }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] const ClientWaits& client_waits() const noexcept { return client_waits_; }
  [[nodiscard]] std::int64_t ns(Phase phase) const noexcept { return ns_[static_cast<std::size_t>(phase)]; }

 private:
  std::array<std::int64_t, kPhaseCount> ns_{};
  ClientWaits client_waits_;
  SteadyNs since_ = 0;
  Phase phase_ = Phase::receive;
};

/// What kind of inference a route is; `none` for routes that are only timed.
enum class Operation : std::uint8_t { none, chat, text_completion, embeddings, rerank, infill };

/// llama-server's `timings` object. Counts are tokens, times are milliseconds, as the engine gave them.
struct EngineTimings {
  std::optional<std::int64_t> cache_n;
  std::int64_t prompt_n = 0;
  double prompt_ms = 0;
  std::int64_t predicted_n = 0;
  double predicted_ms = 0;
  std::optional<std::int64_t> draft_n;
  std::optional<std::int64_t> draft_n_accepted;
};

/// The request as the client asked for it (JSON body). Absent members were not in the body.
struct RequestParameters {
  std::string model;
  bool stream = false;
  std::optional<std::int64_t> max_tokens, seed, top_k, choice_count, dimensions;
  std::optional<double> temperature, top_p, frequency_penalty, presence_penalty;
  std::vector<std::string> stop_sequences;
  std::vector<std::string> encoding_formats;
  std::string output_type;      ///< text, json, image, speech; empty when not requested
  std::string reasoning_level;  ///< reasoning_effort verbatim
  std::string conversation_id;  ///< from the body or a header; never invented
  std::string previous_response_id;
  std::string prompt_hash;  ///< 16 hex digits over the prompt's bytes; empty when there is none
};

/// What the answer said. Absent members were not in it: unknown is never 0.
struct ResponseFacts {
  std::string id, model;
  std::vector<std::string> finish_reasons;  ///< one per choice
  std::optional<std::int64_t> input_tokens, cached_tokens, output_tokens, reasoning_tokens;
  std::optional<EngineTimings> timings;
  std::optional<std::int64_t> slot;
  std::optional<std::int64_t> progress_total, progress_cached;  ///< of the first prompt_progress, in tokens
  std::string error_message;                                    ///< of an error that the server reported
};

/// The route of every path that is not known.
inline constexpr const char* kOtherRoute = "other";

struct RequestRecord {
  // Identity. `parent_span` is the caller's span from traceparent.
  TraceId trace_id;
  SpanId server_span, client_span;
  std::optional<SpanId> parent_span;
  bool sampled = true;
  std::string trace_state;
  std::string request_id;

  // HTTP
  std::string method;
  std::string route;  ///< path without query for known routes, "other" for the rest: bounded cardinality
  std::string path;   ///< as the client sent it, without the query
  std::string client_address, user_agent;
  std::uint16_t client_port = 0;
  int http_status = 0;     ///< what the client saw; 499 when it left before an answer
  std::string error_type;  ///< empty when the request succeeded
  std::string error_message;
  std::uint64_t request_body_bytes = 0, response_body_bytes = 0;
  std::string upstream;  ///< name of the upstream; empty when none was reached
  std::string server_address;
  std::uint16_t server_port = 0;
  std::string provider;  ///< gen_ai.provider.name: llama_cpp, vllm, ...

  // Meaning
  Operation operation = Operation::none;
  bool progress_requested = false;  ///< the upstream was asked to report prompt progress: as long as it has
                                    ///< reported none, the request is known to be waiting for a slot
  RequestParameters request;
  ResponseFacts response;
  std::string captured_request, captured_response;  ///< bodies; empty unless content capture is on

  // Time. All moments are on the monotonic clock; 0 = did not happen. See docs/phases.md.
  WallAnchor anchor;
  SteadyNs first_byte = 0;   ///< first byte of the request read from the client's socket
  SteadyNs received = 0;     ///< last byte of the request read
  SteadyNs handed_over = 0;  ///< last byte of the request written to the upstream
  SteadyNs slot_start = 0;   ///< the engine took the request up: first prompt_progress event, or lone headers
  SteadyNs first_content = 0;      ///< first chunk with content read from the upstream (streams only)
  SteadyNs first_content_out = 0;  ///< ... and written to the client
  SteadyNs last_content = 0;
  SteadyNs upstream_done = 0;  ///< last byte of the answer read from the upstream
  SteadyNs finished = 0;       ///< last byte of the answer written to the client, or the failure
  PhaseClock phases;           ///< sums to finished - first_byte
  std::vector<std::uint32_t> chunk_gaps_us;  ///< between content chunks, at most kMaxChunkGaps
  std::uint64_t content_chunks = 0;          ///< all of them, also beyond kMaxChunkGaps

  static constexpr std::size_t kMaxChunkGaps = 8192;
};

}  // namespace llt::telemetry
