#pragma once
// Who may ask the console: pure decisions over a request's headers, so that they can be tested alone.
//
// The console often runs without a key on a developer's own machine, where any web page in the same browser
// can send requests to it. Two checks stop that: the Host header must name us (a page that rebinds its own
// DNS name to 127.0.0.1 still sends its own name), and a POST that carries an Origin must come from our page.

#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace llt::views {

class Access {
 public:
  Access(const Endpoint& bound, std::vector<std::string> allowed_hosts, std::vector<std::string> api_keys);

  /// True for localhost, IP addresses, the bound name, the machine's own name and the allowed ones; with
  /// keys for every name, since a page that rebinds its name knows no key.
  [[nodiscard]] bool host_allowed(std::string_view host_header) const;

  /// `origin` is empty when the header is absent (not a browser). True when it names the same host and
  /// port as `host_header`.
  [[nodiscard]] static bool origin_allowed(std::string_view origin, std::string_view host_header);

  /// True when no keys are set or `authorization` is "Bearer " and one of them. Takes the same time
  /// wherever the first difference is.
  [[nodiscard]] bool key_allowed(std::string_view authorization) const;

  [[nodiscard]] bool needs_key() const noexcept { return !api_keys_.empty(); }

 private:
  std::vector<std::string> names_;  ///< lower case
  std::vector<std::string> api_keys_;
};

}  // namespace llt::views
