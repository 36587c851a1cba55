#include "gguf/split_name.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace llt::gguf {
namespace {

constexpr std::string_view kExtension = ".gguf";
constexpr std::string_view kOf = "-of-";
constexpr std::size_t kDigits = 5;

// Takes "-00002" off the end of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  if (text.size() < kDigits) return std::nullopt;
  const std::string_view digits = text.substr(text.size() - kDigits);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  text.remove_suffix(kDigits);
  return number;
}

}  // namespace

std::filesystem::path SplitName::path_of(std::uint32_t number_of_file) const {
  return fmt::format("{}-{:05}-of-{:05}{}", prefix.string(), number_of_file, count, kExtension);
}

std::optional<SplitName> parse_split_name(const std::filesystem::path& path) {
  const std::string whole = path.string();
  std::string_view rest = whole;
  if (!rest.ends_with(kExtension)) return std::nullopt;
  rest.remove_suffix(kExtension.size());
  const auto count = take_number(rest);
  if (!count || !rest.ends_with(kOf)) return std::nullopt;
  rest.remove_suffix(kOf.size());
  const auto number = take_number(rest);
  if (!number || !rest.ends_with('-')) return std::nullopt;
  rest.remove_suffix(1);
  if (*number < 1 || *number > *count) return std::nullopt;
  return SplitName{rest, *number, *count};
}

}  // namespace llt::gguf
