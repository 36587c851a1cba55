#include "engine/server_reader.h"

#include <cmath>

#include "engine/engine_api.h"

namespace llt::engine {
namespace {

std::optional<std::int64_t> whole(std::optional<double> value) {
  if (!value || !std::isfinite(*value) || *value < 0 || *value > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

void set_if_known(std::string& to, const std::string& value) {
  if (!value.empty()) to = value;
}

}  // namespace

Result<HttpReply> ServerReader::get(const std::string& path, int timeout_ms) const {
  return http_get({url_.endpoint, url_.prefix + path, api_key_, timeout_ms, cancel_fd_});
}

bool ServerReader::read_models(Snapshot& snapshot, std::string& owned_by, int timeout_ms) const {
  // "http://host/v1" is a usual way to write a base URL; the list is at the same place for both.
  const bool has_v1 = url_.prefix.ends_with("/v1");
  const auto reply = get(has_v1 ? "/models" : "/v1/models", timeout_ms);
  if (!reply || reply->status != 200) return false;
  const auto list = parse_models(reply->body);
  if (!list) return false;
  snapshot.models = list->names;
  set_if_known(snapshot.model, list->first_id);
  set_if_known(snapshot.quantization, list->quantization);
  owned_by = list->owned_by;
  return true;
}

bool ServerReader::describe_llama(Snapshot& snapshot, int timeout_ms) const {
  const auto reply = get("/props", timeout_ms);
  const auto props = reply && reply->status == 200 ? parse_props(reply->body) : std::nullopt;
  if (props) {
    set_if_known(snapshot.model_path, props->model_path);
    set_if_known(snapshot.quantization, props->quantization);
    set_if_known(snapshot.build, props->build);
    set_if_known(snapshot.commit, props->commit);
    if (props->slots) snapshot.slots = props->slots;
    if (props->context_tokens) snapshot.context_tokens = props->context_tokens;
  }
  std::string owned_by;
  const bool listed = read_models(snapshot, owned_by, timeout_ms);
  return props.has_value() && listed;
}

bool ServerReader::identify(Snapshot& snapshot, int timeout_ms) const {
  std::string owned_by;
  const bool listed = read_models(snapshot, owned_by, timeout_ms);
  const auto props = get("/props", timeout_ms);
  if (owned_by == "llamacpp" || (props && props->status == 200 && parse_props(props->body))) {
    snapshot.kind = Kind::llama_cpp;
    return describe_llama(snapshot, timeout_ms);
  }
  // SGLang also answers /version-like routes of others in some releases, so its own are asked first.
  for (const char* path : {"/get_server_info", "/server_info", "/get_model_info", "/model_info"}) {
    const auto info = get(path, timeout_ms);
    if (!info || info->status != 200 || !has_member(info->body, "model_path")) continue;
    snapshot.kind = Kind::sglang;
    set_if_known(snapshot.build, parse_version(info->body));
    return listed;
  }
  const auto version = get("/version", timeout_ms);
  const bool has_version = version && version->status == 200 && has_member(version->body, "version");
  if (owned_by == "vllm" || (has_version && owned_by != "sglang" && owned_by.empty())) {
    snapshot.kind = Kind::vllm;
    if (has_version) set_if_known(snapshot.build, parse_version(version->body));
    return listed || has_version;
  }
  snapshot.kind = owned_by == "sglang" ? Kind::sglang : Kind::openai;
  return listed;
}

bool ServerReader::refresh_models(Snapshot& snapshot, int timeout_ms) const {
  std::string owned_by;
  return read_models(snapshot, owned_by, timeout_ms);
}

bool ServerReader::sample(Snapshot& snapshot, int timeout_ms) const {
  if (snapshot.kind == Kind::openai) return true;
  // For llama.cpp, /metrics holds all that /slots would say; one question disturbs half as much as two.
  const auto reply = get("/metrics", timeout_ms);
  if (!reply) return false;
  if (reply->status == 200) {
    const bool llama = snapshot.kind == Kind::llama_cpp;
    const bool vllm = snapshot.kind == Kind::vllm;
    const auto* busy = llama  ? "llamacpp:requests_processing"
                       : vllm ? "vllm:num_requests_running"
                              : "sglang:num_running_reqs";
    const auto* waiting = llama  ? "llamacpp:requests_deferred"
                          : vllm ? "vllm:num_requests_waiting"
                                 : "sglang:num_queue_reqs";
    snapshot.slots_busy = whole(metric_value(reply->body, busy));
    snapshot.requests_deferred = whole(metric_value(reply->body, waiting));
    return true;
  }
  if (snapshot.kind != Kind::llama_cpp) return true;
  const auto slots_reply = get("/slots", timeout_ms);
  if (!slots_reply) return false;
  if (const auto slots = slots_reply->status == 200 ? parse_slots(slots_reply->body) : std::nullopt) {
    snapshot.slots = slots->total;
    snapshot.slots_busy = slots->busy;
  }
  return true;
}

}  // namespace llt::engine
