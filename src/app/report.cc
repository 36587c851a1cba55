// `llamatelemetry report`: where the time of the stored requests went.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "app/print.h"
#include "app/report_charts.h"
#include "app/report_data.h"
#include "app/report_render.h"
#include "app/source.h"

namespace llt::app {
namespace {

int write_page(const std::string& path, store::Reader& reader, std::optional<UnixNs> since,
               const nlohmann::ordered_json& document) {
  const auto charts = report_charts(reader, since);
  if (!charts) return failed(charts.error());
  auto file = Output::open(path);
  if (!file) return failed(file.error());
  auto written = file->write(report_html(document, *charts));
  if (written) written = file->finish();
  return written ? kDone : failed(written.error());
}

}  // namespace

int run_report(const Settings& settings, const ReportOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  std::optional<UnixNs> since;
  if (options.since_ns) since = now_unix() - *options.since_ns;
  try {
    const auto document = report_document(**source, since, options.slo);
    if (!document) return failed(document.error());
    if (options.html) return write_page(*options.html, **source, since, *document);
    if (options.json) {
      print_out("{}\n", document->dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      print_out("{}", report_text(*document));
    }
    return kDone;
  } catch (const nlohmann::json::exception& error) {
    return failed({ErrorCode::data_loss,
                   fmt::format("the store's answer was not understood: {}", error.what()),
                   "is the running instance of another version?"});
  }
}

}  // namespace llt::app
