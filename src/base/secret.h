#pragma once
// Comparing keys.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace llt {

/// Takes as long for a wrong key as for the right one. The loop runs over what was given, so that its time
/// says nothing of the key's length either.
[[nodiscard]] constexpr bool equal_in_constant_time(std::string_view key, std::string_view given) noexcept {
  std::size_t difference = key.size() ^ given.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const unsigned char expected = key.empty() ? 0 : static_cast<unsigned char>(key[i % key.size()]);
    difference |= static_cast<std::size_t>(expected ^ static_cast<unsigned char>(given[i]));
  }
  return difference == 0;
}

/// Whether `given` is one of `keys`; takes as long wherever it stands among them.
[[nodiscard]] constexpr bool is_one_of(std::span<const std::string> keys, std::string_view given) noexcept {
  bool found = false;
  for (const std::string& key : keys) found |= equal_in_constant_time(key, given);
  return found;
}

}  // namespace llt
