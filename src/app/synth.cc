// `llamatelemetry synth`: writes a random-weight model.

#include <fmt/format.h>
#include <signal.h>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/gguf_report.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/signals.h"
#include "app/units.h"

namespace llt::app {
namespace {

void show_progress(ProgressLine& line, const std::string& file, std::uint64_t done, std::uint64_t total) {
  if (!line.due()) return;
  const double seconds = static_cast<double>(line.elapsed()) / 1e9;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(done) / seconds);
  line.show(fmt::format("{}: {} of {} ({} %), {}/s", file, format_size(done), format_size(total),
                        100 * done / total, format_size(rate)));
}

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
  ProgressLine line;
  const auto made = gguf::synthesise(options.file, shape, [&](std::uint64_t done, std::uint64_t total) {
    show_progress(line, options.file, done, total);
    return !wait_stop_signal(0);
  });
  line.clear();
  if (!made) return failed(made.error());
  print_out("{}: {}, {} parameters, {}, written in {}\n", options.file, format_size(made->file_bytes),
            grouped(made->parameters), type->name, format_duration(static_cast<double>(line.elapsed())));
  return kDone;
}

}  // namespace llt::app
