// `llamatelemetry synth`: writes a random-weight model.

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/gguf_report.h"
#include "app/signals.h"
#include "app/units.h"
#include "base/clock.h"

namespace llt::app {
namespace {

// One line on a terminal, written over a few times a second; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(std::string file) : file_(std::move(file)), shown_(isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::uint64_t done, std::uint64_t total) {
    constexpr SteadyNs kInterval = 100'000'000;
    const SteadyNs now = now_steady();
    if (!shown_ || now - last_ < kInterval) return;
    last_ = now;
    const double seconds = static_cast<double>(now - begin_) / 1e9;
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(done) / seconds);
    fmt::print(stderr, "\r\033[K{}: {} of {} ({} %), {}/s", file_, format_size(done), format_size(total),
               100 * done / total, format_size(rate));
    std::fflush(stderr);
  }

  void clear() {
    if (shown_ && last_ != 0) fmt::print(stderr, "\r\033[K");
    last_ = 0;
  }

  [[nodiscard]] SteadyNs elapsed() const { return now_steady() - begin_; }

 private:
  std::string file_;
  bool shown_;
  SteadyNs begin_ = now_steady();
  SteadyNs last_ = 0;
};

}  // namespace

int run_synth(const Settings& /*settings*/, const SynthOptions& options) {
  gguf::SynthShape shape = options.shape;
  const gguf::TensorType* type = gguf::find_tensor_type(options.type);
  if (type == nullptr) {
    return bad_usage(
        {ErrorCode::invalid_argument, fmt::format("--type: there is no type '{}'", options.type), ""});
  }
  shape.type = type->id;
  if (auto checked = gguf::check_shape(shape); !checked) return bad_usage(checked.error());

  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of that write
  block_stop_signals();      // taken between two writes, so that nothing half-written stays
  ProgressLine line(options.file);
  const auto made = gguf::synthesise(options.file, shape, [&](std::uint64_t done, std::uint64_t total) {
    line.show(done, total);
    return !wait_stop_signal(0);
  });
  line.clear();
  if (!made) return failed(made.error());
  fmt::print("{}: {}, {} parameters, {}, written in {}\n", options.file, format_size(made->file_bytes),
             grouped(made->parameters), type->name, format_duration(static_cast<double>(line.elapsed())));
  return kDone;
}

}  // namespace llt::app
