#include "app/status_document.h"

#include <nlohmann/json.hpp>

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

std::string_view role_of(std::int64_t pid, const StatusInputs& inputs) {
  if (pid == inputs.pid) return "llamatelemetry";
  for (const NamedSnapshot& entry : inputs.engines) {
    if (entry.now.pid != 0 && entry.now.pid == pid) return "engine";
  }
  return "other";
}

Json gpu_list(const engine::GpuList& gpus, const StatusInputs& inputs) {
  Json list = Json::array();
  for (const engine::Gpu& gpu : gpus.gpus) {
    Json processes = Json::array();
    for (const engine::GpuProcess& process : gpu.processes) {
      processes.push_back({{"pid", process.pid},
                           {"role", role_of(process.pid, inputs)},
                           {"memory_bytes", or_null(process.memory_bytes)}});
    }
    list.push_back({
        {"index", gpu.index},
        {"name", gpu.name},
        {"uuid", or_null(gpu.uuid)},
        {"compute_capability", or_null(gpu.compute_capability)},
        {"memory_total_bytes", gpu.memory_total_bytes},
        {"memory_used_bytes", gpu.memory_used_bytes},
        {"processes", std::move(processes)},
    });
  }
  return list;
}

// Roles are not planned yet, so this says only what can be seen: on which GPUs the engine's process is.
Json placement_object(const Json& gpus) {
  Json engine_gpus = Json::array();
  for (const Json& gpu : gpus) {
    for (const Json& process : gpu["processes"]) {
      if (process["role"] == "engine") engine_gpus.push_back(gpu["index"]);
    }
  }
  return {{"name", nullptr}, {"engine_gpus", std::move(engine_gpus)}};
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

// Engines may put bytes into names that are not UTF-8: shown replaced rather than not at all.
std::string print(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string running_status(const StatusInputs& inputs) {
  const auto count = [](const std::atomic<std::int64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  const Json gpus = gpu_list(inputs.gpus, inputs);
  return print({
      {"version", inputs.version},
      {"pid", inputs.pid},
      {"started_unix_ns", inputs.started_unix_ns},
      {"gateway", {{"url", inputs.gateway_url}, {"connections", count(inputs.live->connections)}}},
      {"console", {{"url", inputs.console_url}}},
      {"engine", main_engine(inputs.engines)},
      {"upstreams", upstream_list(inputs)},
      {"placement", placement_object(gpus)},
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
                           const std::string& losses_json, const engine::GpuList& gpus) {
  return print({
      {"version", version},
      {"pid", nullptr},
      {"started_unix_ns", nullptr},
      {"gateway", nullptr},
      {"console", nullptr},
      {"engine",
       {{"state", "stopped"},
        {"pid", nullptr},
        {"model", nullptr},
        {"flash_attention", nullptr},
        {"build", nullptr}}},
      {"upstreams", Json::array()},
      {"placement", nullptr},
      {"gpus", gpu_list(gpus, StatusInputs{})},
      {"queue", nullptr},
      {"store", {{"data", data}, {"state", "closed"}}},
      {"losses", losses_list(losses_json)},
  });
}

}  // namespace llt::app
