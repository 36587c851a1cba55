#pragma once
// Bounds the number of distinct values that a metric's label can take.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace llt::telemetry {

class BoundedNames {
 public:
  explicit BoundedNames(std::size_t limit) : limit_(limit) {}

  /// The name itself when it is known, or is new, may be admitted and there is room; otherwise "other",
  /// counted in Loss::model_names_folded. The result is valid as long as this object.
  [[nodiscard]] std::string_view fold(std::string_view name, bool may_admit);
  /// Makes a name known whatever the limit is: for names that come from ourselves.
  void admit(std::string_view name);

 private:
  std::size_t limit_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace llt::telemetry
