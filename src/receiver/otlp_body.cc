#include "receiver/otlp_body.h"

#include <google/protobuf/util/json_util.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/base64.h"
#include "receiver/attribute_json.h"
#include "receiver/inflate.h"
#include "receiver/otlp_count.h"

namespace llt::receiver {
namespace {

using TraceResponse = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;

// OTLP's JSON writes ids in hex, protobuf's JSON reads bytes as base64. What it has read written as base64
// again is the text that stood there: lengths of 16 and 32 are whole groups of four.
void hex_again(std::string& id) {
  if (id.empty()) return;
  const std::string text = base64(id);
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      id = "not hex";  // is counted as an invalid id
      return;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  id = std::move(bytes);
}

void mend_ids(TraceRequest& request) {
  for (auto& resource : *request.mutable_resource_spans()) {
    for (auto& scope : *resource.mutable_scope_spans()) {
      for (auto& span : *scope.mutable_spans()) {
        hex_again(*span.mutable_trace_id());
        hex_again(*span.mutable_span_id());
        hex_again(*span.mutable_parent_span_id());
        for (auto& link : *span.mutable_links()) {
          hex_again(*link.mutable_trace_id());
          hex_again(*link.mutable_span_id());
        }
      }
    }
  }
}

// Unpacked into `storage` when it was packed.
Result<std::string_view> unpack(const Body& body, std::size_t limit, std::string& storage) {
  const std::string packing = lower(trimmed(body.packing));
  if (packing.empty() || packing == "identity") return body.bytes;
  if (packing != "gzip") {
    return fail(ErrorCode::invalid_argument, "the body is compressed in a way that is not known here",
                "send it with gzip or as it is");
  }
  auto text = gunzip(body.bytes, limit);
  if (!text) return std::unexpected(std::move(text.error()));
  storage = std::move(*text);
  return storage;
}

template <class Request>
Result<Request> parse_json(std::string_view text) {
  Request request;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // as the specification asks of receivers
  const auto status =
      google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &request, options);
  if (status.ok()) return request;
  return fail(ErrorCode::invalid_argument, "the body is not an OTLP request in JSON: " + status.ToString());
}

template <class Request>
Result<Request> parse_protobuf(std::string_view bytes) {
  Request request;
  if (bytes.size() <= std::numeric_limits<int>::max() &&
      request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return request;
  }
  return fail(ErrorCode::invalid_argument, "the body is not an OTLP request in protobuf");
}

template <class Request>
Result<Request> parse(const Body& body, std::size_t limit) {
  std::string storage;
  const auto bytes = unpack(body, limit, storage);
  if (!bytes) return std::unexpected(bytes.error());
  return body.encoding == Encoding::json ? parse_json<Request>(*bytes) : parse_protobuf<Request>(*bytes);
}

// The name in JSON of the field that counts what was not kept. Its number is 1 in all three messages.
const char* rejected_name(Signal signal) {
  if (signal == Signal::metrics) return "rejectedDataPoints";
  return signal == Signal::logs ? "rejectedLogRecords" : "rejectedSpans";
}

// The fields of google.rpc.Status: 1 is the code, 2 the message.
std::string status_protobuf(int code, const std::string& message) {
  std::string bytes{0x08, static_cast<char>(code), 0x12};
  for (std::size_t rest = message.size();; rest >>= 7) {
    const auto group = static_cast<unsigned char>(rest & 0x7f);
    if (rest < 0x80) {
      bytes.push_back(static_cast<char>(group));
      break;
    }
    bytes.push_back(static_cast<char>(group | 0x80));
  }
  return bytes + message;
}

}  // namespace

std::optional<Encoding> encoding_of(std::string_view content_type) {
  const std::string type = lower(trimmed(content_type.substr(0, content_type.find(';'))));
  if (type == "application/x-protobuf") return Encoding::protobuf;
  if (type == "application/json") return Encoding::json;
  return std::nullopt;
}

std::string_view content_type_of(Encoding encoding) {
  return encoding == Encoding::json ? "application/json" : "application/x-protobuf";
}

Result<TraceRequest> parse_traces(const Body& body, std::size_t limit) {
  auto request = parse<TraceRequest>(body, limit);
  if (request && body.encoding == Encoding::json) mend_ids(*request);
  return request;
}

Result<std::uint64_t> count_records(Signal signal, const Body& body, std::size_t limit) {
  const auto counted = [](const auto& request) -> Result<std::uint64_t> {
    if (!request) return std::unexpected(request.error());
    return count(*request);
  };
  if (signal == Signal::metrics) return counted(parse<MetricsRequest>(body, limit));
  return counted(parse<LogsRequest>(body, limit));
}

std::string accepted_body(Signal signal, Encoding encoding, std::uint64_t rejected,
                          const std::string& reason) {
  if (encoding == Encoding::json) {
    nlohmann::json answer = nlohmann::json::object();
    if (rejected > 0) {
      // 64-bit integers are text in protobuf's JSON.
      answer["partialSuccess"] = {{rejected_name(signal), std::to_string(rejected)},
                                  {"errorMessage", reason}};
    }
    return dump(answer);
  }
  TraceResponse response;  // the other signals' have the same bytes
  if (rejected > 0) {
    response.mutable_partial_success()->set_rejected_spans(static_cast<std::int64_t>(rejected));
    response.mutable_partial_success()->set_error_message(reason);
  }
  return response.SerializeAsString();
}

std::string status_body(Encoding encoding, int grpc_code, const std::string& message) {
  if (encoding == Encoding::json) return dump({{"code", grpc_code}, {"message", message}});
  return status_protobuf(grpc_code, message);
}

}  // namespace llt::receiver
