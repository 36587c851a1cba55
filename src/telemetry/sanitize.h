#pragma once
// Texts that came from outside, made fit for JSON, protobuf and the store: valid UTF-8 and bounded.

#include <string>
#include <string_view>

#include "telemetry/request_record.h"

namespace llt::telemetry {

/// Longest texts kept, in bytes.
inline constexpr std::size_t kMaxNameBytes = 256;   ///< models, ids, stop sequences, ...
inline constexpr std::size_t kMaxTextBytes = 2048;  ///< paths, user agents, error messages
inline constexpr std::size_t kMaxListItems = 64;    ///< stop sequences, finish reasons, ...

/// Replaces what is not UTF-8 by U+FFFD, one for each wrong byte.
[[nodiscard]] std::string repair_utf8(std::string_view text);
/// At most `limit` bytes of `text`, which is valid UTF-8, without cutting a character.
[[nodiscard]] std::string_view clip_utf8(std::string_view text, std::size_t limit) noexcept;

/// One invalid text in a span makes a collector refuse the whole batch. Bodies are left as they are.
void sanitize(RequestRecord& record);

}  // namespace llt::telemetry
