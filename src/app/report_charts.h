#pragma once
// The charts of `report --html`: Plotly and its data inside the page.

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "store/reader.h"

namespace llt::app {

/// Placeholders for the charts, their data, and what draws them; needs nothing outside the page. Of requests
/// that began since then. A program that was built without the web page has no Plotly and gives a sentence.
[[nodiscard]] Result<std::string> report_charts(store::Reader& reader, std::optional<UnixNs> since);

}  // namespace llt::app
