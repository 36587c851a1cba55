#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/advice.h"
#include "app/report_data.h"
#include "app/report_render.h"
#include "app/report_reuse.h"
#include "app/report_steps.h"
#include "app/text_table.h"
#include "app/units.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUnknown = "–";
constexpr int kBarCells = 30;

std::string count_text(const Json& value) {
  return value.is_null() ? kUnknown : fmt::format("{}", value.get<std::int64_t>());
}

// What each distribution is called in the table.
std::string_view latency_name(std::string_view member) {
  if (member == "ttft_ms") return "time to first token";
  if (member == "tpot_ms") return "time per output token";
  if (member == "itl_ms") return "between chunks";
  if (member == "queue_ms") return "queue";
  if (member == "prefill_ms") return "prefill";
  if (member == "decode_ms") return "decode";
  return "whole request";
}

std::string slo_text(const Json& slo) {
  if (slo.is_null()) return "";
  std::string limits, missed;
  for (const char* limit : {"ttft", "tpot", "e2e"}) {
    const Json& ms = slo[fmt::format("{}_ms", limit)];
    if (ms.is_null()) continue;
    limits += fmt::format("{}{} {}", limits.empty() ? "" : ", ", limit, shown_ms(ms));
    missed += fmt::format("{}{} {}", missed.empty() ? "" : ", ", slo[fmt::format("missed_{}", limit)].dump(),
                          limit);
  }
  std::string out = fmt::format("of the requests that can be judged {} keep {}: {} of {} (missed: {})\n",
                                shown_share(slo["share"]), limits, slo["met"].dump(),
                                slo["met"].get<std::int64_t>() + slo["missed"].get<std::int64_t>(), missed);
  if (slo["not_judged"] > 0) {
    out += fmt::format("{} cannot be judged: plain answers have no time to first token\n",
                       slo["not_judged"].dump());
  }
  return out;
}

std::string header(const Json& d) {
  std::string out =
      fmt::format("{}, {} failed, {} to {}\n", counted(d["requests"].get<std::int64_t>(), "request"),
                  count_text(d["errors"]), shown_time(d["from_unix_ns"]), shown_time(d["to_unix_ns"]));
  out += fmt::format(
      "output {} tokens/s, goodput {} requests/s, prefill {} and decode {} tokens/s in the engine\n",
      shown_rate(d["output_tokens_per_second"]), shown_rate(d["goodput_rps"]),
      shown_rate(d["prefill_tokens_per_second"]), shown_rate(d["decode_tokens_per_second"]));
  out += slo_text(d["slo"]);
  out += fmt::format("{} tokens in, {} of them from the cache ({}), {} tokens out\n",
                     count_text(d["input_tokens"]), count_text(d["cached_tokens"]),
                     shown_share(d["cache_hit_ratio"]), count_text(d["output_tokens"]));
  for (const std::string& sentence : gpu_sentences(d)) out += sentence + "\n";
  return out;
}

std::string latencies(const Json& d) {
  TextTable table({"latency", "p50", "p90", "p95", "p99", "mean", "requests"}, 1);
  for (std::string_view member : kLatencyMembers) {
    const Json& values = d[std::string(member)];
    if (values["count"] == 0) continue;
    table.add({std::string(latency_name(member)), shown_ms(values["p50"]), shown_ms(values["p90"]),
               shown_ms(values["p95"]), shown_ms(values["p99"]), shown_ms(values["mean"]),
               count_text(values["count"]) + (member == "itl_ms" ? " gaps" : "")});
  }
  return table.to_string();
}

std::string phases(const Json& d) {
  TextTable bars({"phase", "", "share", "total"}, 2);
  for (const Json& phase : d["phases"]) {
    if (phase["share"].is_null() || phase["share"] == 0.0) continue;
    const auto cells = std::lround(phase["share"].get<double>() * kBarCells);
    std::string bar;
    for (long i = 0; i < cells; ++i) bar += "█";
    bars.add({shown_text(phase["name"]), bar, shown_share(phase["share"]), shown_ms(phase["total_ms"])});
  }
  return bars.to_string();
}

std::string groups(const Json& d) {
  TextTable table({"model", "route", "requests", "errors", "TTFT p50", "p95", "TPOT p50", "p95", "queue p95",
                   "tokens/s", "goodput/s", "cached"},
                  2);
  for (const Json& g : d["groups"]) {
    table.add({shortened(shown_text(g["model"]), 32), shown_text(g["route"]), count_text(g["requests"]),
               count_text(g["errors"]), shown_ms(g["ttft_ms"]["p50"]), shown_ms(g["ttft_ms"]["p95"]),
               shown_ms(g["tpot_ms"]["p50"]), shown_ms(g["tpot_ms"]["p95"]), shown_ms(g["queue_ms"]["p95"]),
               shown_rate(g["output_tokens_per_second"]), shown_rate(g["goodput_rps"]),
               shown_share(g["cache_hit_ratio"])});
  }
  return table.to_string();
}

std::string errors(const Json& d) {
  TextTable table({"error", "last message", "status", "count"}, 2);
  for (const Json& e : d["errors_by_type"]) {
    table.add({shown_text(e["error_type"]), shortened(shown_text(e["last_message"]), 70),
               count_text(e["http_status"]), count_text(e["count"])});
  }
  return table.to_string();
}

std::string slowest(const Json& d) {
  std::string out;
  for (const Json& r : d["slowest"]) {
    out += fmt::format("  {:>8}  {}  {}\n            {}\n", shown_ns(r["total_ns"]),
                       shortened(shown_text(r["request_id"]), 36), shortened(shown_text(r["model"]), 28),
                       shown_text(r["reason"]));
  }
  return out;
}

std::string losses(const Json& d) {
  std::string out;
  for (const Json& loss : d["losses"]) {
    out += fmt::format("  {} {} ({})\n", count_text(loss["count"]), shown_text(loss["name"]),
                       shown_text(loss["severity"]));
  }
  return out;
}

}  // namespace

std::string shown_ms(const Json& value) {
  return value.is_null() ? kUnknown : format_duration(value.get<double>() * 1e6);
}

std::string shown_ns(const Json& value) {
  return value.is_null() ? kUnknown : format_duration(value.get<double>());
}

std::string shown_rate(const Json& value) {
  if (value.is_null()) return kUnknown;
  const double rate = value.get<double>();
  return fmt::format("{:.{}f}", rate, rate >= 99.5 ? 0 : rate >= 9.95 ? 1 : 2);
}

std::string shown_share(const Json& value) {
  return value.is_null() ? kUnknown : fmt::format("{:.1f} %", value.get<double>() * 100);
}

std::string shown_text(const Json& value) {
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : kUnknown;
}

std::vector<std::string> gpu_sentences(const Json& report) {
  std::vector<std::string> sentences;
  if (const Json& bounds = report["bounds"]; !bounds.is_null()) {
    sentences.push_back(fmt::format(
        "a request alone could decode at most {} and prefill {} tokens/s on these GPUs: {} and {} of that "
        "were reached",
        shown_rate(bounds["decode_tokens_per_second"]), shown_rate(bounds["prefill_tokens_per_second"]),
        shown_share(bounds["decode_share"]), shown_share(bounds["prefill_share"])));
  }
  if (const Json& energy = report["energy"]; !energy.is_null()) {
    sentences.push_back(fmt::format(
        "the engine's GPUs drew {} J, {} J of it for these requests: {} J per output token, {} J per request "
        "(median)",
        shown_rate(energy["total_joules"]), shown_rate(energy["joules"]),
        shown_rate(energy["joules_per_output_token"]), shown_rate(energy["joules_per_request"]["p50"])));
  }
  return sentences;
}

std::string shown_time(const Json& value) {
  if (value.is_null()) return kUnknown;
  const std::chrono::sys_time<std::chrono::nanoseconds> at{
      std::chrono::nanoseconds(value.get<std::int64_t>())};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string report_text(const Json& document) {
  if (document["requests"] == 0) return "no inference requests in this time\n";
  std::string out = header(document);
  out += "\n" + latencies(document);
  out += "\nwhere the time went, all requests together\n" + phases(document);
  if (!document["engine_time"].is_null()) {
    out += "\ninside the engine\n" + engine_time_text(document["engine_time"]);
  }
  if (!document["prompt_reuse"].is_null()) {
    out += "\nprompts that came again\n" + prompt_reuse_text(document["prompt_reuse"]);
  }
  if (!document["advice"].empty()) out += "\nadvice\n" + advice_text(document["advice"]);
  out += "\n" + groups(document);
  if (!document["errors_by_type"].empty()) out += "\n" + errors(document);
  out += "\nslowest requests\n" + slowest(document);
  if (!document["losses"].empty()) out += "\nlost or doubtful data\n" + losses(document);
  return out;
}

}  // namespace llt::app
