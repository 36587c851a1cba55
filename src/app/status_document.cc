#include "app/status_document.h"

#include <nlohmann/json.hpp>

#include "app/gpu_roles.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json or_null(const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); }

template <class T>
Json unless_zero(T value) {
  return value == 0 ? Json(nullptr) : Json(value);
}

Json on_off(const std::optional<bool>& value) {
  if (!value) return nullptr;
  return *value ? "on" : "off";
}

Json engine_object(const NamedSnapshot& entry) {
  const engine::Snapshot& now = entry.now;
  return {
      {"upstream", or_null(entry.upstream)},
      {"state", to_string(now.state)},
      {"kind", to_string(now.kind)},
      {"pid", unless_zero(now.pid)},
      {"model", or_null(now.model)},
      {"models", now.models},
      {"model_path", or_null(now.model_path)},
      {"architecture", or_null(now.architecture)},
      {"quantization", or_null(now.quantization)},
      {"flash_attention", on_off(now.flash_attention)},
      {"build", or_null(now.build)},
      {"commit", or_null(now.commit)},
      {"backend", or_null(now.backend)},
      {"restarts", now.restarts},
      {"started_unix_ns", unless_zero(now.started)},
      {"ready_since_unix_ns", unless_zero(now.ready_since)},
      {"load_progress", or_null(now.load_progress)},
      {"context_tokens", or_null(now.context_tokens)},
      {"slots", or_null(now.slots)},
      {"slots_busy", or_null(now.slots_busy)},
      {"requests_deferred", or_null(now.requests_deferred)},
      {"threads", or_null(now.threads)},
      {"error", or_null(now.error)},
  };
}

// The engine that `status` shows first: one that is ready if there is one.
Json main_engine(const std::vector<NamedSnapshot>& engines) {
  if (engines.empty()) return {{"state", "stopped"}};
  for (const NamedSnapshot& entry : engines) {
    if (entry.now.state == engine::State::ready) return engine_object(entry);
  }
  return engine_object(engines.front());
}

std::string_view state_name(gateway::UpstreamState state) {
  switch (state) {
    case gateway::UpstreamState::loading:
      return "loading";
    case gateway::UpstreamState::ready:
      return "ready";
    case gateway::UpstreamState::down:
      break;
  }
  return "down";
}

Json upstream_list(const StatusInputs& inputs) {
  Json list = Json::array();
  for (const auto& upstream : inputs.upstreams->all()) {
    Json object = {
        {"name", upstream->name()},
        {"url", upstream->url().text},
        {"state", state_name(upstream->state())},
        {"outstanding", upstream->outstanding.load(std::memory_order_relaxed)},
    };
    for (const NamedSnapshot& entry : inputs.engines) {
      if (entry.upstream == upstream->name()) object["engine"] = engine_object(entry);
    }
    list.push_back(std::move(object));
  }
  return list;
}

std::vector<std::int64_t> engine_pids(const StatusInputs& inputs) {
  std::vector<std::int64_t> pids;
  pids.reserve(inputs.engines.size());
  for (const NamedSnapshot& entry : inputs.engines) pids.push_back(entry.now.pid);
  return pids;
}

std::vector<telemetry::GpuProcessState> processes_of(const gpus::Gpu& gpu, const StatusInputs& inputs) {
  const auto engines = engine_pids(inputs);
  std::vector<telemetry::GpuProcessState> processes;
  processes.reserve(gpu.processes.size());
  for (const gpus::GpuProcess& process : gpu.processes) {
    processes.push_back({process.pid, process_role(process.pid, engines, inputs.pid), process.memory_bytes});
  }
  return processes;
}

void add_reading(const telemetry::GpuState& state, Json& object) {
  const gpus::Reading& r = state.reading;
  object["memory_reserved_bytes"] = or_null(r.memory_reserved_bytes);
  object["utilization"] = or_null(r.utilization);
  object["memory_activity"] = or_null(r.memory_activity);
  object["power_watts"] = or_null(r.power_watts);
  object["energy_joules"] = or_null(state.slow.energy_joules);
  object["temperature_celsius"] = or_null(r.temperature_celsius);
  object["sm_clock_hz"] = or_null(r.sm_clock_hz);
  object["memory_clock_hz"] = or_null(r.memory_clock_hz);
  object["pcie_transmit_bytes_per_second"] = or_null(state.pcie_transmit);
  object["pcie_receive_bytes_per_second"] = or_null(state.pcie_receive);
  object["nvlink_transmit_bytes_per_second"] = or_null(state.nvlink_transmit);
  object["nvlink_receive_bytes_per_second"] = or_null(state.nvlink_receive);
  object["throttled_by"] = r.throttle_reasons ? or_null(gpus::throttle_names(*r.throttle_reasons)) : nullptr;
  object["ecc_corrected"] = or_null(state.slow.ecc_corrected);
  object["ecc_uncorrected"] = or_null(state.slow.ecc_uncorrected);
}

Json gpu_list(const StatusInputs& inputs) {
  Json list = Json::array();
  for (const gpus::Gpu& gpu : inputs.gpus.gpus) {
    Json processes = Json::array();
    for (const telemetry::GpuProcessState& process : processes_of(gpu, inputs)) {
      processes.push_back(
          {{"pid", process.pid}, {"role", process.role}, {"memory_bytes", or_null(process.memory_bytes)}});
    }
    Json object = {
        {"index", gpu.index},
        {"name", gpu.name},
        {"uuid", or_null(gpu.uuid)},
        {"compute_capability", or_null(gpu.compute_capability)},
        {"memory_total_bytes", gpu.memory_total_bytes},
        {"memory_used_bytes", gpu.memory_used_bytes},
        {"processes", std::move(processes)},
    };
    for (const telemetry::GpuState& state : inputs.gpu_states) {
      if (state.reading.index == gpu.index) add_reading(state, object);
    }
    list.push_back(std::move(object));
  }
  return list;
}

const gpus::Gpu* find_gpu(const gpus::GpuList& list, std::size_t index) {
  for (const gpus::Gpu& gpu : list.gpus) {
    if (static_cast<std::size_t>(gpu.index) == index) return &gpu;
  }
  return nullptr;
}

// One card: what was planned for the engine there, what it holds, and who else should not be there.
Json planned_card(const placement::CardPlan& card, const StatusInputs& inputs, Json& all_misplaced) {
  const std::uint64_t planned = card.usage.bytes() + card.context_bytes;
  Json object = {{"index", card.card.index},
                 {"role", role_name(card.role)},
                 {"planned_bytes", planned},
                 {"weights_bytes", card.usage.weights_bytes},
                 {"kv_bytes", card.usage.kv_bytes},
                 {"compute_bytes", card.usage.compute_bytes},
                 {"context_bytes", card.context_bytes},
                 {"engine_bytes", nullptr}};
  const gpus::Gpu* gpu = find_gpu(inputs.gpus, card.card.index);
  if (gpu == nullptr) return object;
  const auto processes = processes_of(*gpu, inputs);
  object["engine_bytes"] = or_null(engine_bytes(processes));
  for (std::string& sentence : misplaced(gpu->index, role_name(card.role), processes)) {
    all_misplaced.push_back(std::move(sentence));
  }
  return object;
}

Json placement_object(const StatusInputs& inputs, const Json& gpus) {
  Json engine_gpus = Json::array();
  for (const Json& gpu : gpus) {
    for (const Json& process : gpu["processes"]) {
      if (process["role"] != "engine") continue;
      engine_gpus.push_back(gpu["index"]);
      break;
    }
  }
  Json object = {{"name", nullptr}, {"why", nullptr}, {"engine_gpus", std::move(engine_gpus)}};
  if (inputs.plan == nullptr) return object;
  object["why"] = or_null(inputs.plan->why);
  if (!inputs.plan->placement) return object;
  const placement::Placement& p = *inputs.plan->placement;
  Json cards = Json::array(), wrong = Json::array();
  for (const placement::CardPlan& card : p.cards) cards.push_back(planned_card(card, inputs, wrong));
  object["name"] = p.name;
  object["reason"] = p.reason;
  object["notes"] = p.notes;
  object["tensor_split"] = p.tensor_split;
  object["context_tokens"] = p.context_tokens;
  object["parallel"] = p.parallel;
  object["analytics_gpu"] = p.analytics ? Json(p.cards[p.analytics->index].card.index) : Json(nullptr);
  object["gpus"] = std::move(cards);
  object["misplaced"] = std::move(wrong);
  return object;
}

std::string_view state_name(store::State state) {
  switch (state) {
    case store::State::storing:
      return "storing";
    case store::State::disk_full:
      return "disk_full";
    case store::State::failing:
      return "failing";
    case store::State::closed:
      break;
  }
  return "closed";
}

Json store_object(const StatusInputs& inputs) {
  const store::Health& health = inputs.store;
  return {
      {"data", inputs.data},
      {"state", state_name(health.state)},
      {"message", or_null(health.message)},
      {"rows_stored", health.rows_stored},
      {"rows_dropped", health.rows_dropped},
      {"rows_queued", health.rows_queued},
      {"disk_bytes", health.disk_bytes},
      {"last_commit_unix_ns", unless_zero(health.last_commit_unix_ns)},
      {"oldest_unix_ns", unless_zero(health.oldest_unix_ns)},
  };
}

Json losses_list(const std::string& losses_json) {
  Json losses = Json::parse(losses_json, nullptr, false);
  return losses.is_array() ? losses : Json(nullptr);
}

Json url_or_null(const std::string& url) { return url.empty() ? Json(nullptr) : Json(url); }

// Engines may put bytes into names that are not UTF-8: shown replaced rather than not at all.
std::string print(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string running_status(const StatusInputs& inputs) {
  const auto count = [](const std::atomic<std::int64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  const Json gpus = gpu_list(inputs);
  return print({
      {"version", inputs.version},
      {"pid", inputs.pid},
      {"started_unix_ns", inputs.started_unix_ns},
      {"gateway", {{"url", inputs.gateway_url}, {"connections", count(inputs.live->connections)}}},
      {"console", {{"url", inputs.console_url}}},
      {"otlp", {{"http", url_or_null(inputs.otlp_http_url)}, {"grpc", url_or_null(inputs.otlp_grpc_url)}}},
      {"engine", main_engine(inputs.engines)},
      {"upstreams", upstream_list(inputs)},
      {"placement", placement_object(inputs, gpus)},
      {"gpus", gpus},
      {"queue",
       {{"waiting", count(inputs.live->waiting)},
        {"prefilling", count(inputs.live->prefilling)},
        {"decoding", count(inputs.live->decoding)}}},
      {"store", store_object(inputs)},
      {"losses", losses_list(inputs.losses_json)},
  });
}

std::string stopped_status(const std::string& version, const std::string& data,
                           const std::string& losses_json, const gpus::GpuList& gpus) {
  StatusInputs nothing;
  nothing.gpus = gpus;
  return print({
      {"version", version},
      {"pid", nullptr},
      {"started_unix_ns", nullptr},
      {"gateway", nullptr},
      {"console", nullptr},
      {"otlp", nullptr},
      {"engine",
       {{"state", "stopped"},
        {"pid", nullptr},
        {"model", nullptr},
        {"flash_attention", nullptr},
        {"build", nullptr}}},
      {"upstreams", Json::array()},
      {"placement", nullptr},
      {"gpus", gpu_list(nothing)},
      {"queue", nullptr},
      {"store", {{"data", data}, {"state", "closed"}}},
      {"losses", losses_list(losses_json)},
  });
}

}  // namespace llt::app
