#pragma once
// Texts as numbers: a million rows have few names.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace llt::views {

/// Numbers texts in the order in which they are first seen.
class Names {
 public:
  std::uint32_t number(std::string_view text) {
    Recent& recent = recent_[place_of(text)];
    if (recent.text == nullptr || *recent.text != text) recent = find_or_add(text);
    return recent.number;
  }
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::vector<std::string> take() {
    return {std::move_iterator(texts_.begin()), std::move_iterator(texts_.end())};
  }

 private:
  // What was asked for lately is found without hashing the whole text.
  struct Recent {
    const std::string* text = nullptr;
    std::uint32_t number = 0;
  };
  static std::size_t place_of(std::string_view text) {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text.front()),
               last = static_cast<unsigned char>(text.back());
    return (text.size() * 31U + first * 7U + last) % kRecent;
  }
  Recent find_or_add(std::string_view text) {
    if (const auto found = numbers_.find(text); found != numbers_.end())
      return {&texts_[found->second], found->second};
    texts_.emplace_back(text);
    const auto number = static_cast<std::uint32_t>(texts_.size() - 1);
    numbers_.emplace(texts_.back(), number);
    return {&texts_.back(), number};
  }

  static constexpr std::size_t kRecent = 128;
  std::deque<std::string> texts_;
  boost::unordered_flat_map<std::string_view, std::uint32_t> numbers_;
  std::array<Recent, kRecent> recent_;
};

}  // namespace llt::views
