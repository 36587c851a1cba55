// Any bytes as the records of a ring: nothing may break, and what comes out must add up.

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/error.h"
#include "telemetry/steps/turn_tracker.h"

using namespace llt::telemetry;  // NOLINT: a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<llt_probe_record> records(size / sizeof(llt_probe_record));
  if (!records.empty()) std::memcpy(records.data(), data, records.size() * sizeof(llt_probe_record));
  TurnTracker tracker([](const CostedStep& step) {
    std::int64_t shares = 0;
    for (const CostedMember& member : step.members) shares += member.share_ns;
    LLT_CHECK(step.members.empty() || shares == step.step.end() - step.step.start);
  });
  StepAssembler assembler(tracker);
  std::span<const llt_probe_record> rest(records);
  while (!rest.empty()) {
    const std::size_t count = std::min<std::size_t>(rest.size(), 1u + rest[0].head.records % 4u);
    assembler.take(rest.first(count));
    rest = rest.subspan(count);
  }
  assembler.flush(INT64_MAX);
  tracker.close_idle(INT64_MAX);
  return 0;
}
