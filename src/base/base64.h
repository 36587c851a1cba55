#pragma once
// Bytes as text: RFC 4648, section 4, with padding.

#include <string>
#include <string_view>

namespace llt {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace llt
