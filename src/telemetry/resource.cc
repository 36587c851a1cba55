#include "telemetry/resource.h"

#include <opentelemetry/sdk/resource/resource.h>
#include <unistd.h>

#include <array>

#include "schema/names.h"
#include "telemetry/rows.h"

namespace llt::telemetry {
namespace {

namespace attr = names::attr;
namespace resource = opentelemetry::sdk::resource;

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// What the SDK itself contributes: telemetry.sdk.* and nothing that we set ourselves.
std::map<std::string, std::string> sdk_attributes() {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : resource::Resource::GetDefault().GetAttributes()) {
    const auto* text = opentelemetry::nostd::get_if<std::string>(&value);
    if (text != nullptr && name.starts_with("telemetry.sdk.")) out[name] = *text;
  }
  return out;
}

class MadeResource : public resource::Resource {
 public:
  explicit MadeResource(const resource::ResourceAttributes& attributes) : Resource(attributes) {}
};

}  // namespace

CurrentResource::CurrentResource(const Options& options, const Environment& environment) {
  for (auto& [name, value] : sdk_attributes()) base_[name] = value;
  base_[attr::kServiceName] = "llamatelemetry";
  if (!options.service_version.empty()) base_[attr::kServiceVersion] = options.service_version;
  if (!options.service_instance_id.empty()) base_[attr::kServiceInstanceId] = options.service_instance_id;
  if (const std::string host = host_name(); !host.empty()) base_["host.name"] = host;
  base_["process.pid"] = std::int64_t{getpid()};
  for (auto& [name, value] : parse_pairs(environment("OTEL_RESOURCE_ATTRIBUTES").value_or(""))) {
    base_[name] = value;
  }
  if (const auto name = environment("OTEL_SERVICE_NAME")) base_[attr::kServiceName] = *name;
  service_name_ = std::get<std::string>(base_.at(attr::kServiceName));
  rebuild({});
}

void CurrentResource::update(const EngineFacts& facts) {
  std::map<std::string, Value> engine;
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) engine[name] = value;
  };
  text(attr::kLlamatelemetryEngineBuild, facts.build);
  text(attr::kLlamatelemetryEngineCommit, facts.commit);
  text(attr::kLlamatelemetryEngineModel, facts.model);
  text(attr::kLlamatelemetryEngineArchitecture, facts.architecture);
  text(attr::kLlamatelemetryEngineQuantization, facts.quantization);
  if (facts.context_tokens) engine[attr::kLlamatelemetryEngineContextTokens] = *facts.context_tokens;
  if (facts.slots) engine[attr::kLlamatelemetryEngineSlots] = *facts.slots;
  if (facts.flash_attention) engine[attr::kLlamatelemetryEngineFlashAttention] = *facts.flash_attention;
  // A restarting engine forgets what it said; the last known facts stay true until there are new ones.
  if (engine.empty() || engine == engine_) return;
  engine_ = engine;
  rebuild(engine_);
}

void CurrentResource::rebuild(const std::map<std::string, Value>& engine) {
  std::map<std::string, Value> all = engine;
  for (const auto& [name, value] : base_) all[name] = value;
  resource::ResourceAttributes attributes;
  std::vector<Attribute> listed;
  for (const auto& [name, value] : all) {
    if (const auto* flag = std::get_if<bool>(&value)) {
      attributes.SetAttribute(name, *flag);
      listed.push_back({name.c_str(), *flag});
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      attributes.SetAttribute(name, *number);
      listed.push_back({name.c_str(), *number});
    } else {
      const std::string& text = std::get<std::string>(value);
      attributes.SetAttribute(name, text);
      listed.push_back({name.c_str(), std::string_view(text)});
    }
  }
  auto json = std::make_shared<const std::string>(to_json(listed));
  auto made = std::make_shared<const MadeResource>(attributes);
  const std::lock_guard lock(mutex_);
  all_ = std::move(all);
  resource_ = std::move(made);
  json_ = std::move(json);
}

std::shared_ptr<const resource::Resource> CurrentResource::get() const {
  const std::lock_guard lock(mutex_);
  return resource_;
}

std::shared_ptr<const std::string> CurrentResource::json() const {
  const std::lock_guard lock(mutex_);
  return json_;
}

std::map<std::string, std::string> CurrentResource::texts() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : all_) {
    if (const auto* flag = std::get_if<bool>(&value)) out[name] = *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) out[name] = std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) out[name] = *text;
  }
  return out;
}

}  // namespace llt::telemetry
