// Any text as a JSON string reads back as the same text, and any JSON of DuckDB's becomes strict JSON.

#include <simdjson.h>

#include <cstdint>

#include "base/error.h"
#include "store/output.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  simdjson::dom::parser parser;
  if (simdjson::validate_utf8(text.data(), text.size())) {
    std::string quoted;
    llt::store::append_json_string(text, quoted);
    std::string_view back;
    const std::string document = "[" + quoted + "]";
    LLT_CHECK(parser.parse(document).at(0).get(back) == simdjson::SUCCESS);
    LLT_CHECK(back == text);
  }
  std::string strict;
  llt::store::append_strict_json(text, strict);
  simdjson::dom::element element;
  const std::string original(text);
  if (parser.parse(original).get(element) == simdjson::SUCCESS) LLT_CHECK(strict == text);
  return 0;
}
