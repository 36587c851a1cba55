#pragma once
// Ids of spans as numbers: a million of them as texts would take longer to copy than to read.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace llt::views {

/// The number that 16 lower-case hexadecimal digits stand for; of any other id a hash, which is not 0. 0
/// stands for no id.
[[nodiscard]] std::uint64_t span_id_number(std::string_view text);

/// Numbers of ids, and how those are written that are not plain numbers.
class SpanIds {
 public:
  std::uint64_t keep(std::string_view text);
  [[nodiscard]] std::string text(std::uint64_t number) const;

 private:
  std::map<std::uint64_t, std::string> odd_;
};

}  // namespace llt::views
