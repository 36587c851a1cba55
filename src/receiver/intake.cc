#include "receiver/intake.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include "base/losses.h"
#include "base/secret.h"
#include "store/store.h"

namespace llt::receiver {

Intake::Intake(store::Store& store, IntakeOptions options) : store_(store), options_(std::move(options)) {
  // Protobuf writes a line to stderr for each text that is not UTF-8: whoever sends such gets 400 and no room
  // in our log.
  google::protobuf::SetLogHandler(nullptr);
}

Result<Accepted> Intake::take(const TraceRequest& request) {
  ReceivedSpans spans = to_rows(request, options_.own_instance);
  if (!spans.rows.empty()) {
    // What is appended to a store that cannot write is written once it can, and then again when the sender
    // tries again.
    if (const auto health = store_.health(); health.state != store::State::storing) {
      return fail(ErrorCode::unavailable, "the store cannot write: " + health.message, "try again later");
    }
    if (!store_.append_all(std::move(spans.rows))) {
      return fail(ErrorCode::unavailable, "the store has more to write than it has room for",
                  "try again later");
    }
    if (!store_.flush(options_.durable_timeout_ms)) {
      return fail(ErrorCode::unavailable, "the store did not get the spans onto the disk", "try again later");
    }
  }
  count_loss(Loss::received_spans_rejected, spans.rejected);
  return Accepted{spans.rejected, std::move(spans.reason)};
}

Accepted Intake::ignore(std::uint64_t records, std::string_view what) {
  count_loss(Loss::received_records_ignored, records);
  if (records == 0) return {};
  return {records, fmt::format("llamatelemetry keeps traces; {} go to another back end", what)};
}

bool Intake::key_allowed(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  if (options_.api_keys.empty()) return true;
  if (!authorization.starts_with(kScheme)) return false;
  return is_one_of(options_.api_keys, authorization.substr(kScheme.size()));
}

}  // namespace llt::receiver
