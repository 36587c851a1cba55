// How fast the store takes requests with their spans, and what a row costs on disk.
//
//   store_bench [REQUESTS]      default 200000; each brings five spans

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/ids.h"
#include "base/losses.h"
#include "store/store.h"

namespace llt::store {
namespace {

/// A streamed chat request as the gateway would report it; values vary as real ones do.
RequestRow make_request(std::mt19937_64& random, const TraceId& trace, UnixNs start) {
  RequestRow row;
  row.request_id = random_span_id().hex();
  row.trace_id = trace.hex();
  row.span_id = random_span_id().hex();
  row.start_unix_ns = start;
  row.method = "POST";
  row.route = "/v1/chat/completions";
  row.path = row.route;
  row.operation = "chat";
  row.model = "SmolLM2-135M-Instruct";
  row.response_model = row.model;
  row.response_id = "chatcmpl-" + random_span_id().hex();
  row.upstream = "llama-server";
  row.provider = "llama_cpp";
  row.stream = true;
  row.http_status = 200;
  const auto ns = [&random](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
  };
  row.queue_ns = ns(50'000'000), row.prefill_ns = ns(200'000'000), row.decode_ns = ns(2'000'000'000);
  row.receive_ns = ns(100'000), row.gateway_ns = ns(150'000), row.connect_ns = 0, row.client_ns = ns(10'000);
  row.unattributed_ns = 0;
  row.upstream_ns = *row.queue_ns + *row.prefill_ns + *row.decode_ns;
  row.total_ns = *row.upstream_ns + *row.receive_ns + *row.gateway_ns + *row.client_ns;
  row.ttft_ns = *row.queue_ns + *row.prefill_ns;
  row.input_tokens = ns(2000), row.cached_tokens = ns(1000), row.output_tokens = ns(64) + 1;
  row.prompt_tokens_processed = ns(1000);
  row.engine_prefill_ns = row.prefill_ns, row.engine_decode_ns = row.decode_ns;
  row.finish_reason = "stop";
  row.slot = static_cast<std::int32_t>(random() % 8);
  row.content_chunks = row.output_tokens;
  row.chunk_gaps_us.emplace();
  for (std::int64_t i = 1; i < *row.output_tokens; ++i)
    row.chunk_gaps_us->push_back(static_cast<std::uint32_t>(30'000 + random() % 4000));
  row.chunk_gap_p50_ns = 32'000'000, row.chunk_gap_p95_ns = 33'800'000, row.chunk_gap_p99_ns = 33'900'000;
  row.chunk_gap_max_ns = 34'000'000;
  row.prompt_hash = random_span_id().hex();
  row.max_tokens = 64, row.temperature = 0.7;
  row.request_bytes = random() % 8000, row.response_bytes = random() % 20'000;
  row.client_address = "127.0.0.1";
  row.client_port = static_cast<std::uint16_t>(random() % 60'000);
  row.user_agent = "OpenAI/Python 2.1.0";
  return row;
}

void append_one(Store& store, std::mt19937_64& random, UnixNs start) {
  store.append(make_request(random, random_trace_id(), start));
}

int run(std::int64_t requests) {
  std::string name = (std::filesystem::temp_directory_path() / "store-bench-XXXXXX").string();
  const std::filesystem::path dir = ::mkdtemp(name.data());
  Options options;
  options.retention_seconds = 0;
  auto store = Store::open(dir, options);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().to_string());
    return 1;
  }
  std::mt19937_64 random(1);
  const SteadyNs begin = now_steady();
  SteadyNs in_append = 0;
  for (std::int64_t i = 0; i < requests; ++i) {
    const SteadyNs before = now_steady();
    append_one(**store, random, now_unix());
    in_append += now_steady() - before;
    while ((*store)->health().rows_queued > 20'000) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const bool durable = (*store)->flush(60'000);
  const double seconds = static_cast<double>(now_steady() - begin) / 1e9;
  const std::uint64_t rows = (*store)->health().rows_stored;
  store->reset();  // the last checkpoint
  const auto bytes = std::filesystem::file_size(dir / "telemetry.duckdb");
  fmt::print(
      "{{\"requests\": {}, \"rows\": {}, \"durable\": {}, \"rows_dropped\": {}, \"seconds\": {:.2f}, "
      "\"requests_per_second\": {:.0f}, \"rows_per_second\": {:.0f}, \"make_and_append_us_per_request\": "
      "{:.2f}, "
      "\"bytes_per_request\": {:.0f}}}\n",
      requests, rows, durable,
      loss_count(Loss::store_requests_dropped) + loss_count(Loss::store_spans_dropped), seconds,
      static_cast<double>(requests) / seconds, static_cast<double>(rows) / seconds,
      static_cast<double>(in_append) / 1e3 / static_cast<double>(requests),
      static_cast<double>(bytes) / static_cast<double>(requests));
  std::filesystem::remove_all(dir);
  return 0;
}

}  // namespace
}  // namespace llt::store

int main(int argc, char** argv) { return llt::store::run(argc > 1 ? std::atoll(argv[1]) : 200'000); }
