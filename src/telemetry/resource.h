#pragma once
// The OpenTelemetry resource: who we are, and what the engine said of itself. The SDK fixes a provider's
// resource when it is made; the engine's facts come later and change with every restart. So exporters ask
// this class for the current resource each time they export (see exporters.h).

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "telemetry/environment.h"
#include "telemetry/telemetry.h"

namespace opentelemetry::inline v1::sdk::resource {
class Resource;
}

namespace llt::telemetry {

class CurrentResource {
 public:
  /// service.*, host.name, process.pid, telemetry.sdk.* and OTEL_RESOURCE_ATTRIBUTES, which beats the rest
  /// except that OTEL_SERVICE_NAME beats it.
  CurrentResource(const Options& options, const Environment& environment);

  /// Takes over new facts about the engine. Cheap when nothing changed.
  void update(const EngineFacts& facts);

  /// Any thread. Never null; stays valid while it is held.
  [[nodiscard]] std::shared_ptr<const opentelemetry::sdk::resource::Resource> get() const;
  [[nodiscard]] const std::string& service_name() const noexcept { return service_name_; }
  /// The resource as a JSON object.
  [[nodiscard]] std::shared_ptr<const std::string> json() const;
  /// The resource as texts, sorted by name.
  [[nodiscard]] std::map<std::string, std::string> texts() const;

 private:
  using Value = std::variant<bool, std::int64_t, std::string>;
  void rebuild(const std::map<std::string, Value>& engine);

  std::string service_name_;
  std::map<std::string, Value> base_;
  std::map<std::string, Value> engine_;  ///< telemetry thread only
  mutable std::mutex mutex_;
  std::map<std::string, Value> all_;
  std::shared_ptr<const opentelemetry::sdk::resource::Resource> resource_;
  std::shared_ptr<const std::string> json_;
};

}  // namespace llt::telemetry
