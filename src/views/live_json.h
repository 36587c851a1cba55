#pragma once
// The live feed's JSON: a table of seconds and the present state.

#include <string>
#include <string_view>
#include <vector>

#include "views/console.h"
#include "views/live_series.h"

namespace llt::views {

/// The names of the columns of point_row(), as a JSON array.
[[nodiscard]] std::string_view point_columns_json();
/// One point as a JSON array; unknown values are null. `seconds`: how many the point holds; what is summed
/// in it is written per second.
void append_point_row(std::string& out, const SecondPoint& point, int seconds = 1);

/// The present: members without the enclosing braces, e.g. `"waiting":1,...,"engines":[...]`.
[[nodiscard]] std::string facts_members_json(const LiveFacts& facts);
/// The newest point's values by name: members without the enclosing braces.
[[nodiscard]] std::string point_members_json(const SecondPoint& point);

/// A JSON string with its quotes; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace llt::views
