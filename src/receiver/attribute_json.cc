#include "receiver/attribute_json.h"

#include "base/base64.h"

namespace llt::receiver {
namespace {

namespace proto = opentelemetry::proto::common::v1;
using nlohmann::json;

// As deep as protobuf lets messages be, which is 100.
// NOLINTNEXTLINE(misc-no-recursion)
json to_json(const proto::AnyValue& value) {
  switch (value.value_case()) {
    case proto::AnyValue::kStringValue:
      return value.string_value();
    case proto::AnyValue::kBoolValue:
      return value.bool_value();
    case proto::AnyValue::kIntValue:
      return value.int_value();
    case proto::AnyValue::kDoubleValue:
      return value.double_value();
    case proto::AnyValue::kBytesValue:
      return base64(value.bytes_value());
    case proto::AnyValue::kKvlistValue:
      return receiver::to_json(value.kvlist_value().values());
    case proto::AnyValue::kArrayValue: {
      json list = json::array();
      for (const proto::AnyValue& item : value.array_value().values()) list.push_back(to_json(item));
      return list;
    }
    default:
      return nullptr;
  }
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion)
json to_json(const Attributes& attributes) {
  json object = json::object();
  for (const proto::KeyValue& attribute : attributes) object[attribute.key()] = to_json(attribute.value());
  return object;
}

std::optional<std::string> to_json_text(const Attributes& attributes) {
  if (attributes.empty()) return std::nullopt;
  return dump(to_json(attributes));
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace llt::receiver
