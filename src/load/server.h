#pragma once
// What the server is that is to be loaded.

#include <string>

#include "base/endpoint.h"
#include "base/error.h"

namespace llt::load {

struct Server {
  std::string model;      ///< its first
  bool progress = false;  ///< it tells when it begins with a prompt (llama.cpp)
};

/// Asks GET /v1/models and GET /props. Errors: unavailable, permission_denied (a key is needed),
/// invalid_argument (it is no OpenAI-compatible server).
[[nodiscard]] Result<Server> look_at(const BaseUrl& url, const std::string& api_key);

}  // namespace llt::load
