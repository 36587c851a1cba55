#include "receiver/attribute_json.h"

#include "base/base64.h"

namespace llt::receiver {
namespace {

namespace common = opentelemetry::proto::common::v1;
using nlohmann::json;

// As deep as protobuf lets messages be, which is 100.
// NOLINTNEXTLINE(misc-no-recursion)
json value_json(const common::AnyValue& value) {
  switch (value.value_case()) {
    case common::AnyValue::kStringValue:
      return value.string_value();
    case common::AnyValue::kBoolValue:
      return value.bool_value();
    case common::AnyValue::kIntValue:
      return value.int_value();
    case common::AnyValue::kDoubleValue:
      return value.double_value();
    case common::AnyValue::kBytesValue:
      return base64(value.bytes_value());
    case common::AnyValue::kKvlistValue:
      return to_json(value.kvlist_value().values());
    case common::AnyValue::kArrayValue: {
      json list = json::array();
      for (const common::AnyValue& item : value.array_value().values()) list.push_back(value_json(item));
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
  for (const common::KeyValue& attribute : attributes)
    object[attribute.key()] = value_json(attribute.value());
  return object;
}

std::optional<std::string> to_json_text(const Attributes& attributes) {
  if (attributes.empty()) return std::nullopt;
  return dump(to_json(attributes));
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace llt::receiver
