#include "views/live_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace llt::views {
namespace {

template <class T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json(nullptr) : nlohmann::json(text);
}

// Three decimals: microseconds of a millisecond value, and rows that stay short. Rates over longer times need
// more: one request an hour is one.
constexpr double kShort = 1e3;
constexpr double kExact = 1e9;

void append_number(std::string& out, std::optional<double> value, double scale = kShort) {
  if (!value || !std::isfinite(*value)) {
    out += "null";
    return;
  }
  const double rounded = std::round(*value * scale) / scale;
  fmt::format_to(std::back_inserter(out), "{}", rounded);
}

void append_integer(std::string& out, std::optional<std::int64_t> value) {
  out += value ? std::to_string(*value) : "null";
}

std::string quantiles_json(const Quantiles& quantiles) {
  std::string out = "{\"p50\":";
  append_number(out, quantiles.p50);
  out += ",\"p95\":";
  append_number(out, quantiles.p95);
  out += ",\"p99\":";
  append_number(out, quantiles.p99);
  return out + "}";
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json engine_json(const EngineNow& engine) {
  return {{"upstream", engine.upstream},
          {"state", text_or_null(engine.state)},
          {"model", text_or_null(engine.model)},
          {"architecture", text_or_null(engine.architecture)},
          {"quantization", text_or_null(engine.quantization)},
          {"build", text_or_null(engine.build)},
          {"commit", text_or_null(engine.commit)},
          {"flash_attention", or_null(engine.flash_attention)},
          {"context_tokens", or_null(engine.context_tokens)},
          {"slots", or_null(engine.slots)},
          {"slots_busy", or_null(engine.slots_busy)},
          {"requests_deferred", or_null(engine.requests_deferred)},
          {"restarts", engine.restarts}};
}

nlohmann::json gpu_json(const GpuNow& gpu) {
  return {{"index", gpu.index},
          {"name", text_or_null(gpu.name)},
          {"role", text_or_null(gpu.role)},
          {"utilization", or_null(gpu.utilization)},
          {"power_watts", or_null(gpu.power_watts)},
          {"temperature_celsius", or_null(gpu.temperature_celsius)},
          {"memory_used_bytes", or_null(gpu.memory_used_bytes)},
          {"memory_total_bytes", or_null(gpu.memory_total_bytes)},
          {"planned_bytes", or_null(gpu.planned_bytes)},
          {"engine_bytes", or_null(gpu.engine_bytes)},
          {"sm_clock_hz", or_null(gpu.sm_clock_hz)},
          {"throttled_by", text_or_null(gpu.throttled_by)},
          {"misplaced", gpu.misplaced}};
}

}  // namespace

std::string_view point_columns_json() {
  return R"(["time","requests","errors","waiting","prefilling","decoding",)"
         R"("ttft_p50","ttft_p95","ttft_p99","tpot_p50","tpot_p95","tpot_p99",)"
         R"("prefill_tokens","decode_tokens","queue_seconds","prefill_seconds","decode_seconds","cache_hit_ratio",)"
         R"("steps","step_prefill_tokens","step_decode_tokens","step_sequences","step_p95"])";
}

void append_point_row(std::string& out, const SecondPoint& point, int seconds) {
  out += '[';
  out += std::to_string(point.time);
  const auto append = [&out, scale = seconds > 1 ? kExact : kShort](std::optional<double> value) {
    out += ',';
    append_number(out, value, scale);
  };
  const auto append_sampled = [&out](std::optional<std::int64_t> value) {
    out += ',';
    append_integer(out, value);
  };
  append(static_cast<double>(point.requests) / seconds);
  append(static_cast<double>(point.errors) / seconds);
  append_sampled(point.waiting);
  append_sampled(point.prefilling);
  append_sampled(point.decoding);
  for (const Quantiles& quantiles : {point.ttft_ms, point.time_per_output_token_ms}) {
    append(quantiles.p50);
    append(quantiles.p95);
    append(quantiles.p99);
  }
  for (const double sum : {point.prefill_tokens, point.decode_tokens, point.queue_seconds,
                           point.prefill_seconds, point.decode_seconds}) {
    append(sum / seconds);
  }
  append(point.cache_hit_ratio);
  if (point.steps) {
    append(point.steps->count / seconds);
    append(point.steps->prefill_tokens / seconds);
    append(point.steps->decode_tokens / seconds);
    append(point.steps->sequences);
    append(point.steps->p95_ms);
  } else {
    out += ",null,null,null,null,null";
  }
  out += ']';
}

std::string facts_members_json(const LiveFacts& facts) {
  nlohmann::json engines = nlohmann::json::array();
  for (const EngineNow& engine : facts.engines) engines.push_back(engine_json(engine));
  nlohmann::json gpus = nlohmann::json::array();
  for (const GpuNow& gpu : facts.gpus) gpus.push_back(gpu_json(gpu));
  return fmt::format(
      R"("waiting":{},"prefilling":{},"decoding":{},"connections":{},"serving":{},"gateway_url":{},"engines":{},)"
      R"("gpus":{})",
      facts.waiting, facts.prefilling, facts.decoding, facts.connections, facts.serving,
      json_string(facts.gateway_url), dump(engines), dump(gpus));
}

std::string point_members_json(const SecondPoint& point) {
  std::string out = fmt::format(
      R"("time":{},"requests_per_second":{},"errors":{},"ttft_ms":{},"time_per_output_token_ms":{},)",
      point.time, point.requests, point.errors, quantiles_json(point.ttft_ms),
      quantiles_json(point.time_per_output_token_ms));
  const auto member = [&out](std::string_view name, std::optional<double> value) {
    out += '"';
    out += name;
    out += "\":";
    append_number(out, value);
  };
  member("prefill_tokens_per_second", point.prefill_tokens);
  out += ',';
  member("decode_tokens_per_second", point.decode_tokens);
  out += ",\"phase_seconds\":{";
  member("queue", point.queue_seconds);
  out += ',';
  member("prefill", point.prefill_seconds);
  out += ',';
  member("decode", point.decode_seconds);
  out += "},";
  member("cache_hit_ratio", point.cache_hit_ratio);
  return out;
}

std::string json_string(std::string_view text) { return dump(nlohmann::json(std::string(text))); }

}  // namespace llt::views
