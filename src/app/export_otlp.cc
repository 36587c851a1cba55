// `llamatelemetry export otlp`: the stored spans once more, to a collector.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/exit_codes.h"
#include "app/export_options.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/source.h"
#include "telemetry/otlp_config.h"
#include "views/exports/otlp_sender.h"
#include "views/exports/otlp_spans.h"

namespace llt::app {
namespace {

constexpr std::string_view kTracesPath = "/v1/traces";

// The standard variables, with what the command line says instead of theirs.
telemetry::Environment environment_of(const ExportOptions& options) {
  return [&options,
          outer = telemetry::process_environment()](std::string_view name) -> std::optional<std::string> {
    if (name == "OTEL_TRACES_EXPORTER") return "otlp";
    if (name == "OTEL_METRICS_EXPORTER") return "none";
    if (name == "OTEL_SDK_DISABLED") return std::nullopt;
    if (options.protocol && name == "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") return options.protocol;
    if (options.endpoint && name == "OTEL_EXPORTER_OTLP_ENDPOINT") return options.endpoint;
    if (options.endpoint && name == "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
      return options.endpoint->ends_with(kTracesPath) ? options.endpoint : std::nullopt;
    return outer(name);
  };
}

Result<views::OtlpTarget> target_of(const ExportOptions& options) {
  const auto config = telemetry::ExportConfig::from_environment(environment_of(options));
  if (!config) return std::unexpected(config.error());
  const telemetry::SignalExport& traces = config->traces;
  views::OtlpTarget target;
  target.grpc = traces.kind == telemetry::ExporterKind::otlp_grpc;
  target.endpoint = traces.endpoint;
  target.headers = traces.headers;
  target.timeout_ms = traces.timeout_ms;
  target.gzip = traces.gzip;
  target.insecure = traces.insecure;
  if (!traces.certificate.empty()) target.trust.ca_file = traces.certificate;
  target.trust.client_certificate = traces.client_certificate;
  target.trust.client_key = traces.client_key;
  return target;
}

struct Totals {
  std::uint64_t taken = 0, rejected = 0, again = 0;
  std::string words;  ///< of the collector, on a partial success
};

Result<> send_all(views::SpanSpool& spool, const views::OtlpTarget& target, Totals& totals) {
  const auto sender = views::make_otlp_sender(target);
  ProgressLine line;
  while (true) {
    auto batch = spool.next();
    if (!batch) return std::unexpected(batch.error());
    if (!*batch) return {};
    const auto answer = views::send_patiently(*sender, (*batch)->bytes, [&](const std::string& why) {
      ++totals.again;
      line.show(fmt::format("once more: {}", why));
    });
    if (!answer) return std::unexpected(answer.error());
    const auto rejected = static_cast<std::uint64_t>(std::max<std::int64_t>(0, answer->rejected));
    totals.rejected += rejected;
    totals.taken += (*batch)->spans - std::min<std::uint64_t>(rejected, (*batch)->spans);
    if (!answer->message.empty()) totals.words = answer->message;
    if (line.due()) line.show(fmt::format("{} of {} spans", totals.taken, spool.spans()));
  }
}

void say(const Totals& totals, std::uint64_t spans, const ExportOptions& options,
         const views::OtlpTarget& target) {
  if (options.json) {
    nlohmann::ordered_json document = {{"endpoint", target.endpoint}, {"spans", spans},
                                       {"taken", totals.taken},       {"rejected", totals.rejected},
                                       {"sent_again", totals.again},  {"message", nullptr}};
    if (!totals.words.empty()) document["message"] = totals.words;
    print_out("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  print_out("{} of {} spans taken by {}\n", totals.taken, spans, target.endpoint);
}

}  // namespace

int run_export_otlp(const Settings& settings, const ExportOptions& options) {
  const auto target = target_of(options);
  if (!target) return bad_usage(target.error());
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  views::SpanSelection selection{{}, options.trace, options.content};
  if (options.since_ns) selection.since = now_unix() - *options.since_ns;
  ProgressLine line;
  line.show("reading");
  auto spool = views::SpanSpool::read(**source, selection);
  line.clear();
  if (!spool) return failed(spool.error());
  Totals totals;
  const auto sent = send_all(*spool, *target, totals);
  if (!sent) {
    print_err("{} of {} spans were taken before that.\n", totals.taken, spool->spans());
    return failed(sent.error());
  }
  say(totals, spool->spans(), options, *target);
  if (totals.rejected == 0) return kDone;
  return failed({ErrorCode::invalid_argument,
                 fmt::format("the collector did not take {} of {} spans: {}", totals.rejected, spool->spans(),
                             totals.words.empty() ? "it does not say why" : totals.words),
                 "sending them again will not help"});
}

}  // namespace llt::app
