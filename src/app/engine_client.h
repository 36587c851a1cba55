#pragma once
// Asks an OpenAI-compatible server: the running instance's gateway, or one that the user names.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/settings.h"
#include "base/endpoint.h"
#include "base/error.h"

namespace llt::app {

class EngineClient {
 public:
  /// `url`: "http://host:port[/prefix]"; empty: the gateway of the instance that runs with --data. Asks for
  /// the model's name. Errors: not_found (nothing runs), unavailable, invalid_argument (not such a URL).
  [[nodiscard]] static Result<EngineClient> make(const Settings& settings, const std::string& url);

  /// The document that the server answers with. A server that is busy or still loading is asked again for
  /// some seconds. Errors: what the server said; data_loss when its answer is no JSON object.
  [[nodiscard]] Result<nlohmann::json> post(const std::string& path, const nlohmann::json& body) const;

  /// What the server calls its model; sent with every request, and part of what an answer rests on.
  [[nodiscard]] const std::string& model() const noexcept { return model_; }

 private:
  EngineClient(BaseUrl server, std::string api_key)
      : server_(std::move(server)), api_key_(std::move(api_key)) {}
  [[nodiscard]] Result<nlohmann::json> exchange(const char* method, const std::string& path,
                                                const std::string& body) const;

  BaseUrl server_;
  std::string api_key_;
  std::string model_;
};

}  // namespace llt::app
