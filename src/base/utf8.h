#pragma once
// Text of unknown honesty.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace llt {

/// Where the first byte stands that is not part of well-formed UTF-8 (RFC 3629); nothing when all are.
[[nodiscard]] std::optional<std::size_t> first_bad_utf8(std::string_view text) noexcept;

/// `text` fit for one line of a message: cut to `most` bytes, whatever is not plain printable UTF-8 as "?".
[[nodiscard]] std::string readable(std::string_view text, std::size_t most = 80);

}  // namespace llt
