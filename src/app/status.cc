// `llamatelemetry status`: the running instance's own description.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/source.h"
#include "app/status_document.h"
#include "app/terminal.h"
#include "app/units.h"
#include "app/version.h"
#include "gpus/gpus.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::string words(const Json& value, std::string_view unknown = "unknown") {
  if (value.is_null()) return std::string(unknown);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void print_line(std::string_view name, const std::string& text) { print_out("{:<11}{}\n", name, text); }

// "3 requests", "unknown requests".
std::string how_many(const Json& count, std::string_view noun) {
  return count.is_number_integer() ? counted(count.get<std::int64_t>(), noun)
                                   : fmt::format("{} {}s", words(count), noun);
}

// What a server does not tell is left out.
std::string context_text(const Json& engine) {
  std::string text = words(engine["context_tokens"]) + " tokens";
  if (!engine["slots"].is_null()) {
    text += engine["slots_busy"].is_null() ? ", " + how_many(engine["slots"], "slot")
                                           : fmt::format(", {} of {} busy", words(engine["slots_busy"]),
                                                         how_many(engine["slots"], "slot"));
  }
  if (!engine["requests_deferred"].is_null())
    text += ", " + how_many(engine["requests_deferred"], "request") + " deferred";
  return text;
}

void print_engine(const Json& engine) {
  const bool named = engine.contains("upstream");
  print_line("engine",
             fmt::format("{}{}{}", words(engine["state"]), named ? ", " + words(engine["upstream"]) : "",
                         engine["pid"].is_null() ? "" : ", process " + words(engine["pid"])));
  if (!named) return;
  print_line("  model", fmt::format("{} ({}, {})", words(engine["model"]), words(engine["architecture"]),
                                    words(engine["quantization"])));
  print_line("  build", fmt::format("{}, commit {}, FlashAttention {}, {}", words(engine["build"]),
                                    words(engine["commit"]), words(engine["flash_attention"]),
                                    words(engine["backend"])));
  print_line("  context", context_text(engine));
  print_line("  restarts", words(engine["restarts"]));
  if (!engine["error"].is_null()) print_line("  error", words(engine["error"]));
}

std::string size_of(const Json& bytes) { return format_size(bytes.get<std::uint64_t>()); }

// ", 35 %, 210 W, 45 °C": what the driver tells of it.
std::string activity(const Json& gpu) {
  const auto number = [&](const char* name, double scale, std::string_view unit) {
    const auto value = gpu.find(name);
    if (value == gpu.end() || !value->is_number()) return std::string();
    return fmt::format(", {:.0f} {}", value->get<double>() * scale, unit);
  };
  std::string text = number("utilization", 100, "%") + number("power_watts", 1, "W") +
                     number("temperature_celsius", 1, "°C");
  const auto held = gpu.find("throttled_by");
  if (held != gpu.end() && held->is_string()) text += ", clocks held down by " + held->get<std::string>();
  return text;
}

// The plan for one card beside what is there.
void print_plan(const Json& placement, const Json& index) {
  for (const Json& card : placement.value("gpus", Json::array())) {
    if (card["index"] != index) continue;
    const Json& measured = card["engine_bytes"];
    print_line("", fmt::format("for {}: {} planned, {}", words(card["role"]), size_of(card["planned_bytes"]),
                               measured.is_null() ? "what the engine holds is not known"
                                                  : "the engine holds " + size_of(measured)));
  }
}

void print_placement(const Json& placement) {
  if (placement["why"].is_null()) return;
  if (placement["name"].is_null()) return print_line("placement", "none: " + words(placement["why"]));
  print_line("placement", fmt::format("{}: {}", words(placement["name"]), words(placement["reason"])));
  const bool colour = stdout_is_terminal();
  for (const Json& sentence : placement["misplaced"]) {
    print_line("",
               fmt::format("{}! {}{}", colour ? "\033[31m" : "", words(sentence), colour ? "\033[0m" : ""));
  }
}

void print_gpus(const Json& gpus, const Json& placement) {
  if (gpus.empty()) return print_line("gpus", "none");
  for (const Json& gpu : gpus) {
    print_line(fmt::format("gpu {}", words(gpu["index"])),
               fmt::format("{}, {} of {} used{}", words(gpu["name"]), size_of(gpu["memory_used_bytes"]),
                           size_of(gpu["memory_total_bytes"]), activity(gpu)));
    print_plan(placement, gpu["index"]);
    for (const Json& process : gpu["processes"]) {
      const Json& memory = process["memory_bytes"];
      print_line("",
                 fmt::format("process {} ({}): {}", words(process["pid"]), words(process["role"]),
                             memory.is_null() ? "memory unknown" : format_size(memory.get<std::uint64_t>())));
    }
  }
}

void print_losses(const Json& losses) {
  if (losses.is_null()) return print_line("losses", "unknown");
  bool any = false;
  for (const Json& loss : losses) {
    if (loss.value("run_count", std::uint64_t{0}) == 0) continue;
    print_line(any ? "" : "losses", fmt::format("{} {} ({})", words(loss["run_count"]), words(loss["name"]),
                                                words(loss["severity"])));
    any = true;
  }
  if (!any) print_line("losses", "none in this run");
}

void print_otlp(const Json& otlp) {
  if (otlp["http"].is_null() && otlp["grpc"].is_null())
    return print_line("otlp", "spans of others are not received");
  for (const char* protocol : {"http", "grpc"}) {
    if (!otlp[protocol].is_null()) print_line(std::string("otlp ") + protocol, words(otlp[protocol]));
  }
}

void print_text(const Json& status) {
  print_line("gateway", fmt::format("{}, {}", words(status["gateway"]["url"]),
                                    how_many(status["gateway"]["connections"], "connection")));
  print_line("console", words(status["console"]["url"]));
  print_otlp(status["otlp"]);
  print_engine(status["engine"]);
  if (status["upstreams"].size() > 1) {
    for (const Json& upstream : status["upstreams"]) {
      print_line("upstream",
                 fmt::format("{}: {}, {} there", words(upstream["name"]), words(upstream["state"]),
                             how_many(upstream["outstanding"], "request")));
    }
  }
  print_placement(status["placement"]);
  print_gpus(status["gpus"], status["placement"]);
  print_line("queue",
             fmt::format("{} waiting, {} in prefill, {} in decode", words(status["queue"]["waiting"]),
                         words(status["queue"]["prefilling"]), words(status["queue"]["decoding"])));
  const Json& store = status["store"];
  print_line("store", fmt::format("{}, {}, {} rows by this run", words(store["data"]), words(store["state"]),
                                  words(store["rows_stored"])));
  if (!store["message"].is_null()) print_line("", words(store["message"]));
  print_losses(status["losses"]);
}

int say_stopped(Source& source, bool json) {
  if (json) {
    const auto losses = source.query_text(kLossesSql, store::Format::json);
    print_out("{}\n", stopped_status(std::string(kVersion), source.data().string(), losses.value_or(""),
                                     gpus::list_gpus()));
    return kFailed;
  }
  return failed({ErrorCode::not_found,
                 fmt::format("nothing runs with the data folder {}", source.data().string()),
                 "start it with 'llamatelemetry up', or name its folder with --data"});
}

}  // namespace

int run_status(const Settings& settings, const StatusOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  const auto text = (*source)->get("/api/v1/status");
  if (!text) {
    // Nothing there, or it stopped between the look at run.json and the question.
    const bool gone = text.error().code == ErrorCode::not_found || !(*source)->running();
    return gone ? say_stopped(**source, options.json) : failed(text.error());
  }
  const Json status = Json::parse(*text, nullptr, false);
  if (!status.is_object())
    return failed({ErrorCode::data_loss, "the running instance's status is not JSON", ""});
  if (options.json) {
    print_out("{}\n", status.dump(2));
    return kDone;
  }
  try {
    print_text(status);
  } catch (const nlohmann::json::exception& error) {
    return failed({ErrorCode::data_loss,
                   fmt::format("the running instance's status lacks a part: {}", error.what()),
                   "is it of another version?"});
  }
  return kDone;
}

}  // namespace llt::app
