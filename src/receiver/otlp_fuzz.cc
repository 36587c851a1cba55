// What senders put into bodies. The first byte chooses how the rest is read.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "receiver/otlp_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::receiver;
  constexpr std::size_t kLimit = 1 << 20;
  static const auto loud =
      google::protobuf::SetLogHandler(nullptr);  // it tells of each text that is not UTF-8
  (void)loud;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const Body body{rest, (data[0] & 1) != 0 ? Encoding::json : Encoding::protobuf,
                  (data[0] & 2) != 0 ? "gzip" : ""};
  (void)count_records(Signal::metrics, body, kLimit);
  (void)count_records(Signal::logs, body, kLimit);
  const auto request = parse_traces(body, kLimit);
  if (!request) return 0;
  for (const auto& row : to_rows(*request, "us").rows) {
    LLT_CHECK(row.trace_id.size() == 32 && row.span_id.size() == 16 && row.duration_ns >= 0);
    LLT_CHECK(!row.attributes || nlohmann::json::accept(*row.attributes));
    LLT_CHECK(!row.links || nlohmann::json::accept(*row.links));
  }
  return 0;
}
