#pragma once
// What people wrote or were answered. It leaves the store only when asked for by name.

#include <string>
#include <string_view>

namespace llt::views {

/// Whether a span's or an event's attribute carries such text: the GenAI conventions' names, and those of
/// OpenInference, OpenLLMetry and the Vercel AI SDK.
[[nodiscard]] bool is_content_attribute(std::string_view name);

/// SQL for the JSON object `column` without such attributes; NULL stays NULL.
[[nodiscard]] std::string without_content(std::string_view column);
/// The same for a JSON array of span events, each with its `attributes`.
[[nodiscard]] std::string events_without_content(std::string_view column);

}  // namespace llt::views
