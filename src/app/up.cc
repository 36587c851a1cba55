// `llamatelemetry up`, from the first check to the last flush.

#include <fmt/format.h>
#include <unistd.h>

#include <future>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/instance.h"
#include "app/print.h"
#include "app/signals.h"
#include "app/units.h"
#include "base/log.h"
#include "base/time_slice.h"

namespace llt::app {
namespace {

using Stage = Result<> (Instance::*)();

constexpr Stage kStages[] = {
    &Instance::check_addresses,  // Nothing starts when a port is taken.
    &Instance::plan_engine,  // Engine and model are there and usable, or the servers to attach to are named.
    &Instance::lock_data,    // One instance per data folder.
    &Instance::open_store,   // From here on there is a place for every row.
    &Instance::start_telemetry,    // Finished requests turn into rows, spans and metrics.
    &Instance::start_receivers,    // Spans of others are taken and acknowledged once they are stored.
    &Instance::start_gateway,      // Clients may connect; they get 503 until an engine is ready.
    &Instance::start_console,      // The page, its API and /metrics answer, also while the model loads.
    &Instance::publish_addresses,  // Other commands find us.
    &Instance::start_engines,      // llama-server starts, or the attached servers are watched.
};

constexpr int kTickMs = 100;

// The share of the model that is loaded, on one line of a terminal that is rewritten until it is done.
class LoadDisplay {
 public:
  void show(std::optional<double> progress) {
    if (!terminal_ || !progress) return;
    const int percent = static_cast<int>(std::clamp(*progress, 0.0, 1.0) * 100);
    if (percent == shown_) return;
    shown_ = percent;
    print_err("\rloading the model: {:3d} %", percent);
    std::fflush(stderr);
  }
  void clear() {
    if (shown_ >= 0) print_err("\r\033[K");
    shown_ = -1;
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  int shown_ = -1;
};

void announce(const Instance& up) {
  print_out("ready gateway={} console={}\n", up.gateway_url(), up.console_url());
  std::fflush(stdout);
}

// Serves until a signal comes (nothing) or our engine is beyond help (its error).
std::optional<Error> serve(const Instance& up) {
  LoadDisplay display;
  bool announced = false;
  while (!wait_stop_signal(kTickMs)) {
    if (auto failure = up.engine_failure()) {
      display.clear();
      return failure;
    }
    if (announced) continue;
    display.show(up.load_progress());
    if (!up.ready()) continue;
    display.clear();
    announce(up);
    announced = true;
  }
  display.clear();
  return std::nullopt;
}

// Lets running requests end; a second signal ends them at once.
void drain(Instance& up, std::int64_t timeout_ns) {
  if (timeout_ns > 0) {
    spdlog::info("stopping; running requests have {} to end (a second signal ends them at once)",
                 format_duration(static_cast<double>(timeout_ns)));
  }
  auto drained = std::async(std::launch::async, [&] { up.drain(to_ms(timeout_ns)); });
  while (drained.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (wait_stop_signal(kTickMs / 4)) up.cut_drain();
  }
}

}  // namespace

int run_up(const Settings& settings) {
  auto options = parse_up_options(settings);
  if (!options) return bad_usage(options.error());
  const std::int64_t drain_timeout_ns = options->drain_timeout_ns;

  block_stop_signals();
  use_long_slice();  // of all but the gateway's threads and the engine
  raise_file_limit();
  Instance up(std::move(*options));
  for (const Stage stage : kStages) {
    if (auto done = (up.*stage)(); !done) return failed(done.error());
  }
  const auto failure = serve(up);
  drain(up, failure ? 0 : drain_timeout_ns);
  up.stop();
  return failure ? failed(*failure) : kDone;
}

}  // namespace llt::app
