#include "engine/repeat_filter.h"

#include <utility>

namespace llt::engine {
namespace {

// "slot 1 of 12" and "slot 3 of 4" have the same one.
std::string shape_of(std::string_view text) {
  std::string shape;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) shape += c;
    if (digit && (shape.empty() || shape.back() != '0')) shape += '0';
  }
  return shape;
}

}  // namespace

std::optional<std::uint64_t> RepeatFilter::admit(std::string_view text, SteadyNs now) {
  std::string shape = shape_of(text);
  const auto known = seen_.find(shape);
  if (known == seen_.end()) {
    if (seen_.size() >= kMostShapes) seen_.clear();  // lines that never repeat: nothing is lost by it
    seen_.emplace(std::move(shape), Seen{now, 0});
    return 0;
  }
  if (now - known->second.shown < kQuietNs) {
    ++known->second.held_back;
    return std::nullopt;
  }
  known->second.shown = now;
  return std::exchange(known->second.held_back, 0);
}

}  // namespace llt::engine
