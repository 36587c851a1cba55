#include "app/engine_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "app/machine_cards.h"
#include "app/passed_on.h"
#include "base/log.h"
#include "engine/engine_trial.h"
#include "engine/model_check.h"
#include "gguf/model_file.h"

namespace llt::app {
namespace {

namespace fs = std::filesystem;

constexpr int kTrialMs = 15'000;  // CUDA takes seconds to start on some machines

// What the user asked of the engine, by us or by llama-server's own arguments and variables.
PassedOn asked(const UpOptions& options) {
  PassedOn said = read_variables([](const char* name) { return std::getenv(name); });
  placement::EngineOptions& engine = said.options;
  if (options.context_tokens) {
    engine.context = static_cast<std::uint64_t>(*options.context_tokens);
    said.trained_context = false;
  }
  if (options.parallel) engine.parallel = static_cast<std::uint64_t>(*options.parallel);
  if (options.flash_attention) engine.flash_attention = *options.flash_attention;
  if (!options.tensor_split.empty()) engine.tensor_split = options.tensor_split;
  read_arguments(said, options.engine_arguments);
  return said;
}

// A card of no NVIDIA make is llama-server's to use: no plan knows it.
bool other_gpus_here() {
  std::error_code ignored;
  return fs::exists("/dev/kfd", ignored) || fs::exists("/dev/dri", ignored);
}

struct Devices {
  bool cuda = true;   ///< also when it cannot be known
  std::string other;  ///< the first device of another kind: "Vulkan0: ..."
};

// Only one card is shown to it, so that no other one has a CUDA context of the engine's even for a moment.
std::map<std::string, std::string> one_card(const MachineCards& here,
                                            const placement::AnalyticsWish& analytics) {
  const auto fit = std::ranges::find_if(
      here.cards, [&](const placement::Card& card) { return analytics.card != card.index; });
  if (fit == here.cards.end()) return {};
  return {{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {"CUDA_VISIBLE_DEVICES", std::to_string(fit->index)}};
}

Devices devices_of(const fs::path& binary, std::map<std::string, std::string> environment) {
  Devices devices;
  const auto trial = engine::try_engine(binary, kTrialMs, std::move(environment));
  if (!trial) return devices;  // the start will say what is wrong with it
  devices.cuda = false;
  for (const std::string& device : trial->devices) {
    if (device.starts_with("CUDA"))
      devices.cuda = true;
    else if (devices.other.empty())
      devices.other = device;
  }
  return devices;
}

// The flags of a plan that releases before December 2025 refuse are variables, which they ignore.
void add_flags(const placement::Placement& placement, engine::Request& request) {
  for (std::size_t i = 0; i < placement.flags.size(); ++i) {
    const std::string& flag = placement.flags[i];
    if (flag == "--kv-unified" || flag == "--no-kv-unified") {
      request.environment["LLAMA_ARG_KV_UNIFIED"] = flag == "--kv-unified" ? "1" : "0";
    } else if (flag == "--fit") {
      request.environment["LLAMA_ARG_FIT"] = placement.flags[++i];
    } else {
      request.flags.push_back(flag);
    }
  }
  for (const auto& [name, value] : placement.environment) request.environment[name] = value;
}

// Without a plan only what was asked for is said, and llama-server decides the rest.
void add_asked(const UpOptions& options, engine::Request& request) {
  const auto add = [&](std::string flag, std::string value) {
    request.flags.push_back(std::move(flag));
    request.flags.push_back(std::move(value));
  };
  if (options.context_tokens) add("--ctx-size", std::to_string(*options.context_tokens));
  if (options.parallel) add("--parallel", std::to_string(*options.parallel));
  if (options.flash_attention) add("--flash-attn", std::string(to_string(*options.flash_attention)));
  if (!options.tensor_split.empty()) {
    add("--tensor-split", fmt::format("{}", fmt::join(options.tensor_split, ",")));
  }
}

// A change in the words of `up`: what plan's own flags are called there.
std::string for_up(const std::string& change) {
  constexpr std::string_view kLayers = "--gpu-layers ", kCache = "--kv-type ";
  if (change.starts_with(kLayers)) return "-- --n-gpu-layers " + change.substr(kLayers.size());
  if (change.starts_with(kCache)) {
    const std::string type = change.substr(kCache.size());
    return fmt::format("-- --cache-type-k {0} --cache-type-v {0}", type);
  }
  return change;
}

Error does_not_fit(const placement::Plan& plan, const placement::PlanRequest& request,
                   const std::string& wanted) {
  std::vector<std::string> reasons, changes;
  for (const placement::Placement& placement : plan.placements) {
    const bool tried =
        wanted.empty() ? placement.name != "cpu" && !placement.flags.empty() : placement.name == wanted;
    if (!tried) continue;
    reasons.push_back(placement.name + ": " + placement.reason);
    for (const std::string& change : placement.changes) {
      std::string words = for_up(change);
      if (std::ranges::find(changes, words) == changes.end()) changes.push_back(std::move(words));
    }
  }
  Error error{ErrorCode::resource_exhausted,
              fmt::format("the model does not fit: {}", fmt::join(reasons, "; ")), ""};
  if (!changes.empty()) error.hint = fmt::format("it would fit with {}; ", fmt::join(changes, ", or with "));
  error.hint +=
      request.cards.size() > 1 || !wanted.empty() ? "'llamatelemetry plan' shows all placements; " : "";
  error.hint += "'-- --fit on' lets llama-server choose";
  return error;
}

// The placement to start with; fails when it does not fit, or is not to be had with these cards.
Result<const placement::Placement*> choose(const placement::Plan& plan, const placement::PlanRequest& request,
                                           const std::string& wanted, const std::string& cards_from) {
  if (wanted.empty() && request.cards.empty()) return plan.find("cpu");
  const placement::Placement* chosen = wanted.empty() ? plan.best() : plan.find(wanted);
  if (chosen != nullptr && chosen->flags.empty()) {
    return fail(ErrorCode::unavailable,
                fmt::format("--placement {}: {} ({})", wanted, chosen->reason, cards_from),
                "--placement auto takes what is there");
  }
  if (chosen != nullptr && chosen->fits()) return chosen;
  return std::unexpected(does_not_fit(plan, request, wanted));
}

struct Attempt {
  std::optional<placement::Placement> placement;
  std::string why;
};

Attempt without_plan(std::string why) { return {std::nullopt, std::move(why)}; }

Result<Attempt> attempt_plan(const UpOptions& options, const fs::path& binary, const fs::path& model_path,
                             const PassedOn& said) {
  if (!said.own_placement.empty()) return without_plan(said.own_placement + " places the model");
  MachineCards here = cards_here();
  if (!here.cards.empty() || other_gpus_here()) {
    const Devices devices = devices_of(binary, one_card(here, options.analytics));
    if (!devices.cuda && !devices.other.empty()) return without_plan("llama-server uses " + devices.other);
    if (!devices.cuda && !here.cards.empty()) {
      spdlog::warn("{} has no CUDA: the model will run on the CPU, many times slower", binary.string());
      here.from = "this llama-server has no CUDA";
      here.cards.clear();
    }
  }
  const auto model = gguf::ModelFile::open(model_path);
  if (!model) return without_plan(model.error().message);
  const auto shape = placement::model_shape(*model);
  if (!shape) return without_plan(shape.error().message);

  placement::PlanRequest request{.cards = std::move(here.cards),
                                 .options = said.options,
                                 .ram_bytes = here.ram_bytes,
                                 .analytics = options.analytics};
  if (said.trained_context && shape->trained_context != 0) request.options.context = shape->trained_context;
  const auto plan = placement::plan(*shape, request);
  if (!plan) return std::unexpected(plan.error());
  const auto chosen = choose(*plan, request, options.placement, here.from);
  if (chosen) {
    if (request.cards.empty() && !(*chosen)->fits()) spdlog::warn("{}", (*chosen)->reason);
    return Attempt{**chosen, plan->why};
  }
  if (said.uncounted.empty() || chosen.error().code != ErrorCode::resource_exhausted) {
    return std::unexpected(chosen.error());
  }
  spdlog::warn("{}; it is tried, since no plan counts {}", chosen.error().message, said.uncounted);
  return without_plan("no plan counts " + said.uncounted);
}

void log_plan(const EnginePlan& plan) {
  if (!plan.placement) return spdlog::info("llama-server places the model itself: {}", plan.why);
  const placement::Placement& placement = *plan.placement;
  spdlog::info("placement {}: {} ({})", placement.name, placement.reason, plan.why);
  for (const std::string& note : placement.notes) spdlog::info("{}", note);
}

}  // namespace

Result<EnginePlan> plan_engine(const UpOptions& options) {
  engine::Request request;
  auto binary = engine::find_engine(options.llama_server);
  if (!binary) return std::unexpected(binary.error());
  auto model = engine::find_model(options.model);
  if (!model) return std::unexpected(model.error());
  if (auto checked = engine::check_model_file(*model); !checked) return std::unexpected(checked.error());
  request.binary = *binary;
  request.model = *model;

  const PassedOn said = asked(options);
  auto attempt = attempt_plan(options, *binary, *model, said);
  if (!attempt) return std::unexpected(attempt.error());
  if (attempt->placement) {
    add_flags(*attempt->placement, request);
    request.passed_on = said.arguments;
  } else {
    add_asked(options, request);
    request.passed_on = options.engine_arguments;
  }
  auto launch = engine::plan_launch(request);
  if (!launch) return std::unexpected(launch.error());
  EnginePlan plan{std::move(*launch), std::move(attempt->placement), std::move(attempt->why)};
  log_plan(plan);
  return plan;
}

}  // namespace llt::app
