#include "telemetry/gauges.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "base/losses.h"
#include "telemetry/gpu_gauges.h"

namespace llt::telemetry {
namespace {

namespace metric = names::metric;
namespace attr = names::attr;

constexpr std::array<std::string_view, 6> kEngineStates{"starting",   "loading", "ready",
                                                        "restarting", "stopped", "failed"};

/// Resident set size from the second number of /proc/self/statm; 0 when it cannot be read.
double resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose);
  long total = 0;
  long resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%ld %ld", &total, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double number(std::int64_t value) { return static_cast<double>(value); }
double number(std::uint64_t value) { return static_cast<double>(value); }

void add_engine(const EngineFacts& facts, std::int64_t restarts_seen, std::vector<Sample>& out) {
  out.push_back({&metric::kLlamatelemetryEngineRestarts, number(std::max(facts.restarts, restarts_seen))});
  if (facts.slots) out.push_back({&metric::kLlamatelemetryEngineSlots, number(*facts.slots)});
  if (facts.slots_busy) out.push_back({&metric::kLlamatelemetryEngineSlotsBusy, number(*facts.slots_busy)});
  if (facts.requests_deferred) {
    out.push_back({&metric::kLlamatelemetryEngineRequestsDeferred, number(*facts.requests_deferred)});
  }
  if (facts.state.empty()) return;
  out.push_back({&metric::kLlamatelemetryEngineUp, facts.state == "ready" ? 1.0 : 0.0});
  for (const std::string_view state : kEngineStates) {
    out.push_back({&metric::kLlamatelemetryEngineState,
                   facts.state == state ? 1.0 : 0.0,
                   {{attr::kLlamatelemetryEngineState, state}}});
  }
}

void add_losses(std::vector<Sample>& out) {
  const auto counts = loss_counts();
  for (std::size_t i = 0; i < kLossCount; ++i) {
    out.push_back({&metric::kLlamatelemetryLosses,
                   number(counts[i]),
                   {{attr::kLlamatelemetryLossName, kLossInfo[i].name},
                    {attr::kLlamatelemetryLossSeverity, to_string(kLossInfo[i].severity)}}});
  }
}

void add_store(const store::Health& health, std::vector<Sample>& out) {
  out.push_back({&metric::kLlamatelemetryStoreRows, number(health.rows_stored)});
  out.push_back({&metric::kLlamatelemetryStoreBytes, number(health.disk_bytes)});
  out.push_back({&metric::kLlamatelemetryStoreQueued, number(health.rows_queued)});
  out.push_back({&metric::kLlamatelemetryStoreHealthy, health.state == store::State::storing ? 1.0 : 0.0});
}

}  // namespace

void Gauges::set_engine(EngineFacts facts) {
  const std::lock_guard lock(mutex_);
  facts_ = std::move(facts);
}

void Gauges::count_tokens(const RequestRecord& record) {
  const ResponseFacts& response = record.response;
  if (response.input_tokens && response.cached_tokens) {
    prompt_tokens_.fetch_add(*response.input_tokens, std::memory_order_relaxed);
    cached_tokens_.fetch_add(*response.cached_tokens, std::memory_order_relaxed);
  }
  if (response.timings) {
    interval_processed_ += response.timings->prompt_n;
  } else if (response.input_tokens) {
    interval_processed_ += *response.input_tokens - response.cached_tokens.value_or(0);
  }
  interval_generated_ += response.output_tokens.value_or(0);
}

void Gauges::close_interval(double seconds) {
  if (!(seconds > 0)) return;
  prefill_rate_.store(number(interval_processed_) / seconds, std::memory_order_relaxed);
  decode_rate_.store(number(interval_generated_) / seconds, std::memory_order_relaxed);
  interval_processed_ = interval_generated_ = 0;
}

std::vector<Sample> Gauges::read(int max_age_ms) {
  const SteadyNs now = now_steady();
  const std::lock_guard lock(mutex_);
  if (last_.empty() || now - last_read_ > std::int64_t{max_age_ms} * 1'000'000) {
    last_ = read_now();
    last_read_ = now;
  }
  return last_;
}

std::vector<Sample> Gauges::read_now() const {
  std::vector<Sample> out;
  out.reserve(32 + kLossCount);
  const auto count = [](const std::atomic<std::int64_t>& value) {
    return number(std::max<std::int64_t>(0, value.load(std::memory_order_relaxed)));
  };
  const double prefilling = count(live_.prefilling);
  const double decoding = count(live_.decoding);
  out.push_back({&metric::kLlamatelemetryRequestsWaiting, count(live_.waiting)});
  out.push_back({&metric::kLlamatelemetryRequestsRunning, prefilling + decoding});
  out.push_back({&metric::kLlamatelemetryRequestsPrefilling, prefilling});
  out.push_back({&metric::kLlamatelemetryRequestsDecoding, decoding});
  out.push_back({&metric::kLlamatelemetryConnections, count(live_.connections)});
  out.push_back({&metric::kLlamatelemetryPrefillThroughput, prefill_rate_.load(std::memory_order_relaxed)});
  out.push_back({&metric::kLlamatelemetryDecodeThroughput, decode_rate_.load(std::memory_order_relaxed)});
  const double prompt = count(prompt_tokens_);
  const double cached = count(cached_tokens_);
  out.push_back({&metric::kLlamatelemetryPromptTokens, prompt});
  out.push_back({&metric::kLlamatelemetryPromptCachedTokens, cached});
  if (prompt > 0) out.push_back({&metric::kLlamatelemetryCacheHitRatio, cached / prompt});
  add_engine(facts_, restarts_seen_.load(std::memory_order_relaxed), out);
  add_store(store_.health(), out);
  if (const double bytes = resident_bytes(); bytes > 0) {
    out.push_back({&metric::kLlamatelemetryProcessMemory, bytes});
  }
  add_losses(out);
  if (gpus_ != nullptr) add_gpu_samples(*gpus_, out);
  return out;
}

bool is_fractional(const names::MetricInfo& info) noexcept {
  const std::string_view unit = info.unit;
  return unit == "1" || unit == "s" || unit == "{token}/s" || unit == "W" || unit == "J" || unit == "Cel";
}

}  // namespace llt::telemetry
