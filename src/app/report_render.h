#pragma once
// The report's document for people: text for a terminal, one self-contained page.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace llt::app {

[[nodiscard]] std::string report_text(const nlohmann::ordered_json& document);

/// No outside resource; readable in dark mode, on a phone, and without its charts.
[[nodiscard]] std::string report_html(const nlohmann::ordered_json& document, std::string_view charts);

// Shared by both: a value of the document as a person reads it. Null is "–".
[[nodiscard]] std::string shown_ms(const nlohmann::ordered_json& milliseconds);
[[nodiscard]] std::string shown_ns(const nlohmann::ordered_json& nanoseconds);
[[nodiscard]] std::string shown_rate(const nlohmann::ordered_json& per_second);
[[nodiscard]] std::string shown_share(const nlohmann::ordered_json& zero_to_one);
[[nodiscard]] std::string shown_text(const nlohmann::ordered_json& text);
/// "2026-11-22 18:04:05 UTC".
/// What the GPUs did, in sentences; empty without any.
[[nodiscard]] std::vector<std::string> gpu_sentences(const nlohmann::ordered_json& report);
[[nodiscard]] std::string shown_time(const nlohmann::ordered_json& unix_ns);

}  // namespace llt::app
