// Parameters of pictures, job data, and timelines made of whatever bytes say. First line: a target.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "analytics/job_blob.h"
#include "base/error.h"
#include "views/graph/graph_request.h"
#include "views/router.h"
#include "views/trace/timeline.h"
#include "views/trace/trace_api.h"

namespace {

// Whatever rows there are: each is counted once, blocks of a lane come in order, and there are not too many.
void check_timeline(std::string_view bytes) {
  using namespace llt::views;
  std::vector<TimelineRow> rows;
  while (bytes.size() >= 6) {
    std::uint16_t start = 0, length = 0;
    std::memcpy(&start, bytes.data(), 2);
    std::memcpy(&length, bytes.data() + 2, 2);
    rows.push_back({.start = start, .end = start + length, .lane = static_cast<unsigned char>(bytes[4]) % 8U,
                    .marks = static_cast<std::uint8_t>(bytes[5] & 3)});
    bytes.remove_prefix(6);
  }
  const Timeline timeline(rows);
  const Blocks shown = timeline.show({.from = 0, .to = 1 << 18, .pixels = 100});
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i < shown.blocks.size(); ++i) {
    const Block& block = shown.blocks[i];
    counted += block.rows;
    LLT_CHECK(block.busy_ns <= block.end - block.start);
    LLT_CHECK(block.row < timeline.rows().size());
    if (i == 0) continue;
    const Block& before = shown.blocks[i - 1];
    LLT_CHECK(timeline.rows()[before.row].lane < timeline.rows()[block.row].lane || before.end <= block.start);
  }
  LLT_CHECK(counted == rows.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::views;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view line = all.substr(0, all.find('\n'));
  if (const auto target = Target::parse(line)) {
    const Route route = route_of("GET", target->path);
    LLT_CHECK(route.resource != Resource::trace_rows || !route.id.empty());
    const WindowRequest asked = parse_window(*target, 1000);
    if (asked.wrong.empty()) {
      LLT_CHECK(asked.window.to > asked.window.from);
      LLT_CHECK(asked.window.lanes >= 1 && asked.window.lanes <= 512 && asked.window.pixels <= 8192);
    }
    if (const auto request = parse_graph_request(route.id, *target)) LLT_CHECK(!cache_key(*request).empty());
  }
  (void)llt::analytics::parse_job_input(all);
  (void)llt::analytics::parse_job_output(all);
  check_timeline(all);
  return 0;
}
