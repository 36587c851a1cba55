#pragma once
// One HTTP request to a running instance's console, on the calling thread.

#include <functional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/error.h"

namespace llt::app {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string body;
  std::string api_key;                        ///< empty: no Authorization header
  std::string peer = "the running instance";  ///< how errors call the server
  int connect_timeout_ms = 3'000;
  int silence_timeout_ms = 10'000;  ///< longest wait for the next piece of the answer
};

struct HttpAnswer {
  int status = 0;
  std::string body;  ///< of answers other than 200; those of 200 went to the sink
};

/// Takes pieces of the body of a 200 answer as they arrive; false ends the exchange (`unavailable`).
using BodySink = std::function<bool(std::string_view)>;

/// Errors: unavailable (nobody listens, or the connection broke), timeout, data_loss (not HTTP).
[[nodiscard]] Result<HttpAnswer> http_exchange(const Endpoint& server, const HttpRequest& request,
                                               const BodySink& sink);

}  // namespace llt::app
