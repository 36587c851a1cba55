#pragma once
// An answer that is complete before its first byte is sent.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace llt::views {

struct Reply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view static_body;  ///< used instead of `body` when not empty; lives as long as the program
  std::vector<std::pair<std::string, std::string>> headers;

  [[nodiscard]] std::string_view content() const noexcept {
    return static_body.empty() ? std::string_view(body) : static_body;
  }
};

/// `{"error":{"code","message","hint"}}`; `code` is the ErrorCode's name.
[[nodiscard]] Reply error_reply(unsigned status, const Error& error);
/// With the status that fits the code.
[[nodiscard]] Reply error_reply(const Error& error);

}  // namespace llt::views
