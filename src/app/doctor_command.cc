// `llamatelemetry doctor`: what would spoil the measurements or the speed. The examination is in doctor.cc.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "app/advice.h"
#include "app/commands.h"
#include "app/doctor.h"
#include "app/exit_codes.h"
#include "app/paths.h"
#include "app/print.h"
#include "app/source.h"
#include "app/up_options.h"

namespace llt::app {
namespace {

// What the engine's steps of the last hour showed, as far as there is a store.
std::vector<Finding> steps_seen(Source& source) {
  constexpr std::int64_t kHourNs = 3'600'000'000'000;
  const auto sick = engine_sickness(source, now_unix() - kHourNs);
  std::vector<Finding> findings;
  if (!sick) return findings;
  for (const Advice& one : *sick) {
    findings.push_back({one.topic, Severity::warning, one.what,
                        "Every request waits for the engine's steps and for what lies between them.",
                        one.action, one.evidence + " in the last hour"});
  }
  return findings;
}

}  // namespace

int run_doctor(const Settings& settings, const DoctorOptions& options) {
  DoctorRequest request;
  request.data = data_folder(settings);
  if (const auto binary = settings.text("llama-server")) request.llama_server = expand_home(*binary);
  if (const auto model = settings.text("model")) request.model = expand_home(*model);
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  const auto status = (*source)->get("/api/v1/status");
  request.status_json = status.value_or("");  // nothing runs: examined without
  if (!status && status.error().code != ErrorCode::not_found) request.silent = status.error();
  if (!request.silent) request.seen = steps_seen(**source);
  const auto findings = examine(request);
  if (options.json) {
    print_out("{}\n", render_findings_json(findings));
  } else {
    print_out("{}", render_findings_text(findings, isatty(STDOUT_FILENO) == 1));
  }
  const bool problem = std::any_of(findings.begin(), findings.end(),
                                   [](const Finding& f) { return f.severity == Severity::problem; });
  return problem ? kFailed : kDone;
}

}  // namespace llt::app
