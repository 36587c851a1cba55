#pragma once
// Records and spans as rows of the store.

#include <memory>
#include <string>

#include "schema/rows.h"
#include "telemetry/phases.h"
#include "telemetry/request_record.h"
#include "telemetry/span_model.h"

namespace llt::telemetry {

/// Takes captured bodies out of the record; the rest is copied.
[[nodiscard]] store::RequestRow to_row(RequestRecord& record, const PhaseBreakdown& phases);

/// Without the resource's attributes.
[[nodiscard]] store::SpanRow to_row(const SpanDraft& span, const SpanSet& set, std::string_view service_name);

/// A JSON object.
[[nodiscard]] std::string to_json(const std::vector<Attribute>& attributes);
/// Appends `text`, which is valid UTF-8, as a JSON string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace llt::telemetry
