#pragma once
// OTLP trace export requests as rows of the store.
// https://opentelemetry.io/docs/specs/otlp/ and opentelemetry-proto 1.5, trace.proto.

#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rows.h"

namespace llt::receiver {

using TraceRequest = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

struct ReceivedSpans {
  std::vector<store::SpanRow> rows;
  std::uint64_t rejected = 0;  ///< not valid by the specification
  std::string reason;          ///< of the first that was rejected
};

/// Spans of the resource whose `service.instance.id` is `own_instance` are left out.
[[nodiscard]] ReceivedSpans to_rows(const TraceRequest& request, std::string_view own_instance);

}  // namespace llt::receiver
