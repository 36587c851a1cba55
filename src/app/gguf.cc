// `llamatelemetry gguf`: what a model file holds.

#include <fmt/format.h>

#include <algorithm>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/gguf_report.h"
#include "app/json_text.h"
#include "app/print.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

// Bytes of the file that are no valid UTF-8 stand as U+FFFD.
// A file that cannot be read has one finding, and nothing else is known of it.
int report_unreadable(const GgufOptions& options, const Error& error) {
  const std::vector findings = {gguf::unreadable(options.file, error)};
  if (options.check && options.json) {
    Json document;
    for (const char* member : {"architecture", "name", "version", "parameter_count", "tensor_count",
                               "file_bytes", "bits_per_weight", "kv_bytes_per_token"}) {
      document[member] = nullptr;
    }
    document["metadata"] = Json::object();
    if (options.tensors) document["tensors"] = Json::array();
    document["findings"] = findings_json(findings);
    write_out(to_text(document));
  }
  return failed(error);
}

std::string text_of(const ModelReport& report, const GgufOptions& options) {
  std::string text;
  if (!options.check && !options.tensors) text = model_text(report);
  if (options.tensors) text += tensors_text(report.model);
  if (options.check) text += (text.empty() ? "" : "\n") + findings_text(report.findings);
  return text;
}

std::string json_of(const ModelReport& report, const GgufOptions& options) {
  Json document = model_json(report);
  if (options.tensors) document["tensors"] = tensors_json(report.model);
  if (options.check) document["findings"] = findings_json(report.findings);
  return to_text(document);
}

}  // namespace

int run_gguf(const Settings& /*settings*/, const GgufOptions& options) {
  auto model = gguf::ModelFile::open(options.file);
  if (!model) return report_unreadable(options, model.error());
  const ModelReport report(std::move(*model));
  write_out(options.json ? json_of(report, options) : text_of(report, options));
  const auto broken = std::ranges::find(report.findings, gguf::Severity::error, &gguf::Finding::severity);
  if (broken == report.findings.end()) return kDone;
  return failed({ErrorCode::data_loss,
                 fmt::format("{} is damaged: {}: {}", options.file, broken->where, broken->message),
                 options.check ? "" : "--check lists everything that is wrong with it"});
}

}  // namespace llt::app
