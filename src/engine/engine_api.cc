#include "engine/engine_api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace llt::engine {
namespace {

using Json = nlohmann::json;

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string text_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number_integer()) return std::nullopt;
  return at->get<std::int64_t>();
}

bool flag_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

void add_name(std::vector<std::string>& names, std::string name) {
  constexpr std::size_t kMaxNames = 1000;
  if (name.empty() || names.size() >= kMaxNames) return;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

}  // namespace

void split_build_info(std::string_view info, std::string& build, std::string& commit) {
  const auto dash = info.find('-');
  const auto number = info.substr(0, dash);
  if (!number.empty() && number != "b0") build = number;
  if (dash == std::string_view::npos) return;
  const auto rest = info.substr(dash + 1);
  if (!rest.empty() && rest != "unknown") commit = rest;
}

std::optional<Props> parse_props(std::string_view json) {
  const Json document = parse(json);
  if (!document.is_object()) return std::nullopt;
  if (!document.contains("default_generation_settings") && !document.contains("build_info"))
    return std::nullopt;
  Props props;
  props.model_path = text_of(document, "model_path");
  props.model_alias = text_of(document, "model_alias");
  props.quantization = text_of(document, "model_ftype");
  props.slots = integer_of(document, "total_slots");
  split_build_info(text_of(document, "build_info"), props.build, props.commit);
  const auto settings = document.find("default_generation_settings");
  if (settings != document.end() && settings->is_object())
    props.context_tokens = integer_of(*settings, "n_ctx");
  props.has_slots_endpoint = flag_of(document, "endpoint_slots");
  props.has_metrics_endpoint = flag_of(document, "endpoint_metrics");
  return props;
}

std::optional<ModelList> parse_models(std::string_view json) {
  const Json document = parse(json);
  if (!document.is_object()) return std::nullopt;
  const auto data = document.find("data");
  if (data == document.end() || !data->is_array()) return std::nullopt;
  ModelList list;
  for (const auto& model : *data) {
    if (!model.is_object()) continue;
    add_name(list.names, text_of(model, "id"));
    if (list.first_id.empty()) list.first_id = text_of(model, "id");
    if (list.owned_by.empty()) list.owned_by = text_of(model, "owned_by");
    const auto meta = model.find("meta");
    if (list.quantization.empty() && meta != model.end() && meta->is_object()) {
      list.quantization = text_of(*meta, "ftype");
    }
  }
  for (const auto& model : *data) {
    const auto aliases = model.is_object() ? model.find("aliases") : model.end();
    if (!model.is_object() || aliases == model.end() || !aliases->is_array()) continue;
    for (const auto& alias : *aliases) {
      if (alias.is_string()) add_name(list.names, alias.get<std::string>());
    }
  }
  return list;
}

std::optional<SlotCounts> parse_slots(std::string_view json) {
  const Json document = parse(json);
  if (!document.is_array()) return std::nullopt;
  SlotCounts counts;
  for (const auto& slot : document) {
    if (!slot.is_object()) return std::nullopt;
    ++counts.total;
    if (flag_of(slot, "is_processing")) ++counts.busy;
  }
  return counts;
}

std::optional<double> metric_value(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '{')) continue;
    const auto value_at = line.front() == '{' ? line.rfind("} ") : std::size_t{0};
    if (value_at == std::string_view::npos) continue;
    line.remove_prefix(value_at + (line.front() == '{' ? 2 : 1));
    double value = 0;
    const auto [stop, ec] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (ec == std::errc{} && stop != line.data()) return value;
  }
  return std::nullopt;
}

std::string parse_version(std::string_view json) {
  const Json document = parse(json);
  return document.is_object() ? text_of(document, "version") : std::string();
}

bool has_member(std::string_view json, std::string_view name) {
  const Json document = parse(json);
  return document.is_object() && document.contains(std::string(name));
}

}  // namespace llt::engine
