#pragma once
// Ids of any kind as numbers from 0, in the order in which they are first seen, and back again.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llt::analytics {

class IdTable {
 public:
  /// The number of `id`; a new one when it was not seen before. At most 2^32 - 2 ids: see full().
  std::uint32_t intern(std::string_view id);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const;

  [[nodiscard]] std::string text(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
  [[nodiscard]] bool full() const noexcept { return ids_.size() >= UINT32_MAX - 1; }

  /// Whether every id reads as a whole number (no sign but '-', no leading zero): then they are numbers in
  /// JSON.
  [[nodiscard]] bool numeric() const noexcept { return texts_.empty() && !keep_as_text_; }
  /// The input says that its ids are text, whatever they look like.
  void keep_as_text() noexcept { keep_as_text_ = true; }

 private:
  // Whole numbers that fit are kept as such: a tenth of the memory and time of texts.
  struct Id {
    std::int64_t number;  ///< the id, or the index of its text
    bool is_text;
  };

  std::vector<Id> ids_;
  std::deque<std::string> texts_;
  boost::unordered_flat_map<std::int64_t, std::uint32_t> by_number_;
  boost::unordered_flat_map<std::string_view, std::uint32_t> by_text_;
  bool keep_as_text_ = false;
};

}  // namespace llt::analytics
