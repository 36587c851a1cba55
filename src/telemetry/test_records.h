#pragma once
// Records for tests: made like the gateway makes them, moment by moment.

#include <cstdint>
#include <string>

#include "telemetry/request_record.h"

namespace llt::telemetry::testing {

inline constexpr std::int64_t kMs = 1'000'000;

/// A streamed chat with every moment known: receive 1, gateway 2 (in three pieces), connect 3, queue 40,
/// prefill 60, decode 200, client 5 ms; 311 ms in all.
inline RequestRecord streamed_chat() {
  RequestRecord r;
  r.trace_id = *TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  r.server_span = *SpanId::from_hex("00f067aa0ba902b7");
  r.client_span = *SpanId::from_hex("00f067aa0ba902b8");
  r.parent_span = SpanId::from_hex("b7ad6b7169203331");
  r.request_id = "req-1";
  r.method = "POST";
  r.route = r.path = "/v1/chat/completions";
  r.client_address = "127.0.0.1";
  r.client_port = 40000;
  r.user_agent = "test/1";
  r.http_status = 200;
  r.upstream = "engine";
  r.server_address = "10.0.0.1";
  r.server_port = 8000;
  r.provider = "llama_cpp";
  r.operation = Operation::chat;
  r.request.model = "SmolLM2-135M-Instruct";
  r.request.stream = true;
  r.request.max_tokens = 64;
  r.request.temperature = 0.5;
  r.request.top_k = 40;
  r.request.stop_sequences = {"END", "\n\n"};
  r.response.id = "chatcmpl-1";
  r.response.model = "SmolLM2-135M-Instruct";
  r.response.finish_reasons = {"stop"};
  r.response.input_tokens = 30;
  r.response.cached_tokens = 10;
  r.response.output_tokens = 21;
  r.response.timings = EngineTimings{10, 20, 58.0, 21, 195.0, {}, {}};
  r.response.slot = 2;

  const SteadyNs t = 1'000'000 * kMs;
  r.anchor.steady = t;
  r.anchor.unix_ns = 1'700'000'000'000'000'000;
  r.first_byte = t;
  r.phases.start(t, Phase::receive);
  r.received = t + 1 * kMs;
  r.phases.enter(Phase::gateway, t + 1 * kMs);
  r.phases.enter(Phase::connect, t + 2 * kMs);
  r.phases.enter(Phase::queue, t + 5 * kMs);
  r.handed_over = t + 5 * kMs;
  r.slot_start = t + 45 * kMs;
  r.phases.enter(Phase::prefill, t + 45 * kMs);
  r.first_content = t + 105 * kMs;
  r.phases.enter(Phase::gateway, t + 105 * kMs);
  r.first_content_out = t + 105 * kMs + kMs / 2;
  r.phases.enter(Phase::decode, t + 105 * kMs + kMs / 2);
  r.phases.enter(Phase::client, t + 205 * kMs + kMs / 2);
  r.phases.enter(Phase::decode, t + 210 * kMs + kMs / 2);
  r.last_content = t + 310 * kMs;
  r.upstream_done = t + 310 * kMs + kMs / 2;
  r.phases.enter(Phase::gateway, t + 310 * kMs + kMs / 2);
  r.finished = t + 311 * kMs;
  r.phases.enter(Phase::gateway, t + 311 * kMs);
  r.chunk_gaps_us = {10000, 10000, 20000, 10000, 150000};
  r.content_chunks = 6;
  return r;
}

/// A plain chat: 1 ms in, 1 ms ours, 98 ms upstream, of which the engine worked 20 + 50.
inline RequestRecord plain_chat() {
  RequestRecord r = streamed_chat();
  r.request.stream = false;
  r.slot_start = r.first_content = r.first_content_out = r.last_content = 0;
  r.chunk_gaps_us.clear();
  r.content_chunks = 0;
  r.response.timings = EngineTimings{10, 20, 20.0, 21, 50.0, {}, {}};
  const SteadyNs t = r.first_byte;
  r.phases = PhaseClock{};
  r.phases.start(t, Phase::receive);
  r.phases.enter(Phase::gateway, t + kMs);
  r.phases.enter(Phase::queue, t + 2 * kMs);
  r.handed_over = t + 2 * kMs;
  r.upstream_done = r.finished = t + 100 * kMs;
  r.phases.enter(Phase::gateway, t + 100 * kMs);
  return r;
}

}  // namespace llt::telemetry::testing
