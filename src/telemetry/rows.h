#pragma once
// Records as rows of the store, and attributes as JSON.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rows.h"
#include "telemetry/content.h"
#include "telemetry/phases.h"
#include "telemetry/request_record.h"
#include "telemetry/span_model.h"

namespace llt::telemetry {

/// Everything that the store keeps of a request; its view `spans` makes the spans from that. Takes the texts
/// out of the record. Without the resource's id.
[[nodiscard]] store::RequestRow to_row(RequestRecord&& record, const PhaseBreakdown& phases,
                                       Content&& content);

/// A JSON object.
[[nodiscard]] std::string to_json(const std::vector<Attribute>& attributes);
/// Appends `text`, which is valid UTF-8, as a JSON string.
void append_json_string(std::string& out, std::string_view text);
/// Appends a JSON array of strings, which are valid UTF-8.
void append_json_list(std::string& out, std::span<const std::string> items);

}  // namespace llt::telemetry
