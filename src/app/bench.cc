// `llamatelemetry bench`: load on a server, seen from the client.

#include <fmt/format.h>

#include <atomic>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/bench_options.h"
#include "app/bench_result.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/signals.h"
#include "app/text_table.h"
#include "app/units.h"
#include "app/up_options.h"
#include "base/log.h"
#include "load/prompts.h"
#include "load/run.h"
#include "load/server.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

struct Request {
  load::Plan plan;
  std::optional<Slo> slo;
  std::string model;
};

std::string at(std::string_view flag, const Error& error) {
  return fmt::format("{}: {}", flag, error.message);
}

Result<SteadyNs> duration_of(std::string_view flag, const std::string& text) {
  const auto ns = parse_duration(text);
  if (!ns) return fail(ErrorCode::invalid_argument, at(flag, ns.error()), ns.error().hint);
  if (*ns <= 0) return fail(ErrorCode::invalid_argument, fmt::format("{} must be longer than 0", flag));
  return *ns;
}

// What can be wrong about the command line, before anything is asked of the server.
Result<Request> parsed(const Settings& settings, const BenchOptions& options) {
  constexpr SteadyNs kDrainNs = 30'000'000'000;
  Request request;
  auto url = BaseUrl::parse(options.url);
  if (!url) return fail(ErrorCode::invalid_argument, at("--url", url.error()), url.error().hint);
  const auto duration = duration_of("--duration", options.duration);
  if (!duration) return std::unexpected(duration.error());
  const auto timeout = duration_of("--timeout", options.timeout);
  if (!timeout) return std::unexpected(timeout.error());
  const auto keys = read_api_keys(settings);
  if (!keys) return std::unexpected(keys.error());
  if (options.slo) {
    auto slo = parse_slo(*options.slo);
    if (!slo) return fail(ErrorCode::invalid_argument, at("--slo", slo.error()), slo.error().hint);
    request.slo = *slo;
  }
  request.plan.target = {std::move(*url), keys->empty() ? "" : keys->front(), *timeout};
  request.plan.rate = options.rate;
  request.plan.concurrency = options.concurrency;
  request.plan.duration_ns = *duration;
  request.plan.drain_ns = std::min(kDrainNs, *timeout);
  request.plan.seed = options.seed;
  return request;
}

Result<> choose_prompts(const BenchOptions& options, Request& request) {
  const load::Target& target = request.plan.target;
  const auto server = load::look_at(target.url, target.api_key);
  if (!server) return std::unexpected(server.error());
  request.model = options.model.value_or(server->model);
  const load::RequestDefaults defaults{request.model, options.max_tokens, server->progress};
  auto bodies = options.prompts ? load::read_prompts(*options.prompts, defaults)
                                : Result<std::vector<std::string>>(load::default_prompts(defaults));
  if (!bodies) return std::unexpected(bodies.error());
  request.plan.bodies = std::move(*bodies);
  return {};
}

// Ctrl-C ends the sending; what was measured by then is shown. (A second one is for whoever cannot wait.)
load::Outcome measured(const load::Plan& plan) {
  std::atomic<bool> stop{false}, done{false};
  block_stop_signals();
  std::thread signals([&] {
    constexpr int kLookMs = 100;
    while (!done.load()) {
      if (!wait_stop_signal(kLookMs)) continue;
      if (stop.exchange(true)) std::_Exit(kFailed);
    }
  });
  ProgressLine line;
  auto outcome = load::run(plan, stop, [&](const load::Progress& now) {
    if (!line.due()) return;
    line.show(fmt::format("{:.0f} of {:.0f} s, {} sent, {} done, {} failed",
                          static_cast<double>(now.elapsed_ns) / 1e9,
                          static_cast<double>(plan.duration_ns) / 1e9, now.sent, now.done, now.failed));
  });
  done = true;
  signals.join();
  return outcome;
}

Json json_of(const Distribution& found) {
  const auto value = [&](double number) { return found.count == 0 ? Json(nullptr) : Json(number); };
  return {{"p50", value(found.p50)}, {"p90", value(found.p90)},   {"p95", value(found.p95)},
          {"p99", value(found.p99)}, {"mean", value(found.mean)}, {"count", found.count}};
}

Json document(const Request& request, const load::Outcome& outcome, const BenchResult& result) {
  const load::Plan& plan = request.plan;
  const bool open = plan.rate > 0;
  Json slo = nullptr;
  if (result.slo) {
    const auto limit = [](const std::optional<std::int64_t>& ns) {
      return ns ? Json(static_cast<double>(*ns) / 1e6) : Json(nullptr);
    };
    slo = {{"ttft_ms", limit(request.slo->ttft_ns)},
           {"tpot_ms", limit(request.slo->tpot_ns)},
           {"e2e_ms", limit(request.slo->e2e_ns)},
           {"met", result.slo->met},
           {"missed", result.slo->missed}};
  }
  return {{"url", plan.target.url.text},
          {"model", request.model},
          {"loop", open ? "open" : "closed"},
          {"rate", open ? Json(plan.rate) : Json(nullptr)},
          {"concurrency", open ? Json(nullptr) : Json(plan.concurrency)},
          {"seconds", result.seconds},
          {"requests", result.requests},
          {"errors", result.errors()},
          {"errors_by_type", result.errors_by_type},
          {"unfinished", outcome.unfinished},
          {"not_sent", outcome.not_sent},
          {"late_ms_p99", static_cast<double>(outcome.late_p99_ns) / 1e6},
          {"ttft_ms", json_of(result.ttft)},
          {"tpot_ms", json_of(result.tpot)},
          {"itl_ms", json_of(result.itl)},
          {"queue_ms", json_of(result.queue)},
          {"prefill_ms", json_of(result.prefill)},
          {"decode_ms", json_of(result.decode)},
          {"e2e_ms", json_of(result.e2e)},
          {"input_tokens", result.input_tokens},
          {"output_tokens", result.output_tokens},
          {"tokens_from_usage", result.tokens_from_usage},
          {"requests_per_second", result.per_second(result.requests - result.errors())},
          {"output_tokens_per_second", result.per_second(result.output_tokens)},
          {"goodput_rps", result.per_second(result.good())},
          {"slo", slo}};
}

std::string table(const BenchResult& result) {
  TextTable rows({"ms", "p50", "p90", "p95", "p99", "mean", "count"}, 1);
  const auto add = [&](const char* name, const Distribution& found) {
    const auto cell = [&](double value) {
      return found.count == 0 ? std::string("–") : fmt::format("{:.1f}", value);
    };
    rows.add({name, cell(found.p50), cell(found.p90), cell(found.p95), cell(found.p99), cell(found.mean),
              fmt::format("{}", found.count)});
  };
  add("time to first token", result.ttft);
  add("time per output token", result.tpot);
  add("between tokens", result.itl);
  add("queue", result.queue);
  add("prefill", result.prefill);
  add("decode", result.decode);
  add("whole request", result.e2e);
  return rows.to_string();
}

void print_text(const Request& request, const load::Outcome& outcome, const BenchResult& result) {
  const load::Plan& plan = request.plan;
  const std::string load = plan.rate > 0
                               ? fmt::format("{:g} requests a second, Poisson", plan.rate)
                               : fmt::format("{} clients that wait for each answer", plan.concurrency);
  print_out("{}, model {}: {}\n", plan.target.url.text, printable(request.model), load);
  print_out("{} requests in {:.1f} s, {} failed", result.requests, result.seconds, result.errors());
  if (outcome.unfinished > 0) print_out(", {} unfinished", outcome.unfinished);
  if (outcome.not_sent > 0) print_out(", {} not sent: too many were running", outcome.not_sent);
  print_out("\n");
  for (const auto& [words, count] : result.errors_by_type) print_out("  {} x {}\n", count, printable(words));
  print_out("\n{}\n", table(result));
  print_out("{:.1f} output tokens/s, {:.2f} requests/s{}\n", result.per_second(result.output_tokens),
            result.per_second(result.requests - result.errors()),
            result.tokens_from_usage ? "" : " (tokens counted as pieces of content: no usage was sent)");
  if (result.slo) {
    print_out("goodput {:.2f} requests/s: {} kept the service level, {} did not\n",
              result.per_second(result.good()), result.slo->met, result.slo->missed);
  }
  constexpr SteadyNs kLate = 10'000'000;
  if (plan.rate > 0 && outcome.late_p99_ns > kLate) {
    print_out(
        "this program was late itself: p99 {:.1f} ms after a request was due; use a faster or idler "
        "machine\n",
        static_cast<double>(outcome.late_p99_ns) / 1e6);
  }
}

}  // namespace

int run_bench(const Settings& settings, const BenchOptions& options) {
  auto request = parsed(settings, options);
  if (!request) return bad_usage(request.error());
  raise_file_limit();
  if (auto chosen = choose_prompts(options, *request); !chosen) return failed(chosen.error());
  const load::Outcome outcome = measured(request->plan);
  const BenchResult result = result_of(outcome, request->slo);
  if (options.json) {
    print_out("{}\n",
              document(*request, outcome, result).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print_text(*request, outcome, result);
  }
  if (result.errors() < result.requests) return kDone;
  return failed({ErrorCode::unavailable, "no request succeeded", ""});
}

}  // namespace llt::app
