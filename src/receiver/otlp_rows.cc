#include "receiver/otlp_rows.h"

#include <limits>
#include <optional>

#include "base/ids.h"
#include "receiver/attribute_json.h"

namespace llt::receiver {
namespace {

namespace proto = opentelemetry::proto::trace::v1;
using nlohmann::json;

// Hex of a valid id.
template <class Id>
std::optional<std::string> hex_id(const std::string& bytes) {
  Id id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  if (!id.valid()) return std::nullopt;
  return id.hex();
}

// "Unspecified" may be taken for internal, says trace.proto.
const char* kind_name(proto::Span::SpanKind kind) {
  switch (kind) {
    case proto::Span::SPAN_KIND_SERVER:
      return "SERVER";
    case proto::Span::SPAN_KIND_CLIENT:
      return "CLIENT";
    case proto::Span::SPAN_KIND_PRODUCER:
      return "PRODUCER";
    case proto::Span::SPAN_KIND_CONSUMER:
      return "CONSUMER";
    default:
      return "INTERNAL";
  }
}

const char* status_name(proto::Status::StatusCode code) {
  if (code == proto::Status::STATUS_CODE_OK) return "OK";
  if (code == proto::Status::STATUS_CODE_ERROR) return "ERROR";
  return "UNSET";
}

const std::string* text_attribute(const Attributes& attributes, std::string_view key) {
  for (const auto& attribute : attributes) {
    if (attribute.key() == key) return &attribute.value().string_value();
  }
  return nullptr;
}

std::optional<std::string> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<std::string> events_of(const proto::Span& span) {
  if (span.events().empty()) return std::nullopt;
  json list = json::array();
  for (const auto& event : span.events()) {
    list.push_back({{"name", event.name()},
                    {"unix_ns", event.time_unix_nano()},
                    {"attributes", to_json(event.attributes())}});
  }
  return dump(list);
}

// A link without valid ids points nowhere.
std::optional<std::string> links_of(const proto::Span& span) {
  json list = json::array();
  for (const auto& link : span.links()) {
    const auto trace = hex_id<TraceId>(link.trace_id());
    const auto id = hex_id<SpanId>(link.span_id());
    if (!trace || !id) continue;
    list.push_back({{"trace_id", *trace}, {"span_id", *id}, {"attributes", to_json(link.attributes())}});
  }
  if (list.empty()) return std::nullopt;
  return dump(list);
}

// What all spans of one resource share.
struct Origin {
  std::string service;
  std::optional<std::string> attributes;
};

Origin origin_of(const Attributes& resource) {
  const std::string* service = text_attribute(resource, "service.name");
  // The name that the SDKs give a program that has none.
  return {service != nullptr && !service->empty() ? *service : "unknown_service", to_json_text(resource)};
}

// Why a span cannot be kept; null when it can.
const char* fault_of(const proto::Span& span) {
  constexpr auto kLatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!hex_id<TraceId>(span.trace_id())) return "a trace id is not 16 bytes, or all zero";
  if (!hex_id<SpanId>(span.span_id())) return "a span id is not 8 bytes, or all zero";
  if (!span.parent_span_id().empty() && span.parent_span_id().size() != 8)
    return "a parent's id is not 8 bytes";
  if (span.start_time_unix_nano() == 0) return "a span has no start time";
  if (span.end_time_unix_nano() < span.start_time_unix_nano()) return "a span ends before it starts";
  if (span.end_time_unix_nano() > kLatest) return "a span ends after the year 2262";
  return nullptr;
}

store::SpanRow row_of(const proto::Span& span, const Origin& origin, const std::string& scope) {
  store::SpanRow row;
  row.trace_id = *hex_id<TraceId>(span.trace_id());
  row.span_id = *hex_id<SpanId>(span.span_id());
  row.parent_span_id = hex_id<SpanId>(span.parent_span_id());
  row.name = span.name();
  row.kind = kind_name(span.kind());
  row.start_unix_ns = static_cast<std::int64_t>(span.start_time_unix_nano());
  row.duration_ns = static_cast<std::int64_t>(span.end_time_unix_nano() - span.start_time_unix_nano());
  row.status_code = status_name(span.status().code());
  row.status_message = unless_empty(span.status().message());
  row.service_name = origin.service;
  row.scope = unless_empty(scope);
  row.trace_state = unless_empty(span.trace_state());
  row.attributes = to_json_text(span.attributes());
  row.resource_attributes = origin.attributes;
  row.events = events_of(span);
  row.links = links_of(span);
  return row;
}

}  // namespace

ReceivedSpans to_rows(const TraceRequest& request, std::string_view own_instance) {
  ReceivedSpans received;
  for (const auto& from : request.resource_spans()) {
    const std::string* instance = text_attribute(from.resource().attributes(), "service.instance.id");
    if (instance != nullptr && !instance->empty() && *instance == own_instance) continue;
    const Origin origin = origin_of(from.resource().attributes());
    for (const auto& scope : from.scope_spans()) {
      for (const proto::Span& span : scope.spans()) {
        if (const char* fault = fault_of(span); fault == nullptr) {
          received.rows.push_back(row_of(span, origin, scope.scope().name()));
        } else if (received.rejected++ == 0) {
          received.reason = fault;
        }
      }
    }
  }
  return received;
}

}  // namespace llt::receiver
