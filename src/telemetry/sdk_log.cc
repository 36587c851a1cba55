#include "telemetry/sdk_log.h"

#include <opentelemetry/sdk/common/global_log_handler.h>

#include <atomic>
#include <mutex>

#include "base/log.h"

namespace llt::telemetry {
namespace {

namespace sdk_log = opentelemetry::sdk::common::internal_log;

constexpr std::size_t kLongestComplaint = 300;

thread_local std::uint64_t errors_on_this_thread = 0;

struct LastComplaint {
  std::mutex mutex;
  std::string text;
};

LastComplaint& last_complaint() {
  static LastComplaint last;
  return last;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongestComplaint)) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20;
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out.push_back(blank ? ' ' : c);
  }
  return out;
}

class Handler final : public sdk_log::LogHandler {
 public:
  void Handle(sdk_log::LogLevel level, const char*, int, const char* message,
              const opentelemetry::sdk::common::AttributeMap&) noexcept override {
    if (level == sdk_log::LogLevel::Error) ++errors_on_this_thread;
    if (message == nullptr) return;
    const bool complaint = level == sdk_log::LogLevel::Error || level == sdk_log::LogLevel::Warning;
    if (!complaint) return;
    std::string text = one_line(message);
    {
      const std::lock_guard lock(last_complaint().mutex);
      last_complaint().text = text;
    }
    const SteadyNs now = now_steady();
    SteadyNs last = last_line_.load(std::memory_order_relaxed);
    if (last != 0 && now - last < kLineIntervalNs) return;
    if (last_line_.compare_exchange_strong(last, now)) spdlog::debug("OpenTelemetry SDK: {}", text);
  }

 private:
  std::atomic<SteadyNs> last_line_{0};
};

}  // namespace

void take_over_sdk_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    sdk_log::GlobalLogHandler::SetLogHandler(
        opentelemetry::nostd::shared_ptr<sdk_log::LogHandler>(std::make_shared<Handler>()));
    sdk_log::GlobalLogHandler::SetLogLevel(sdk_log::LogLevel::Warning);
  });
}

std::uint64_t sdk_errors_on_this_thread() noexcept { return errors_on_this_thread; }

std::string last_sdk_complaint() {
  const std::lock_guard lock(last_complaint().mutex);
  return last_complaint().text;
}

}  // namespace llt::telemetry
