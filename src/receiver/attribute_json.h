#pragma once
// OTLP attributes as JSON text.

#include <google/protobuf/repeated_ptr_field.h>
#include <opentelemetry/proto/common/v1/common.pb.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace llt::receiver {

using Attributes = google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>;

/// Bytes become base64 as in OTLP's JSON form, numbers that JSON lacks become null. Of two values of one key
/// the last counts.
[[nodiscard]] nlohmann::json to_json(const Attributes& attributes);

/// The same as text; nothing when there is no attribute.
[[nodiscard]] std::optional<std::string> to_json_text(const Attributes& attributes);

/// JSON text; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string dump(const nlohmann::json& value);

}  // namespace llt::receiver
