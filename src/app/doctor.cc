#include "app/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "app/doctor_checks.h"
#include "app/units.h"

namespace llt::app {
namespace {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::problem:
      break;
  }
  return "problem";
}

// SGR codes: green, blue, yellow, red.
std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "\033[32m";
    case Severity::note:
      return "\033[34m";
    case Severity::warning:
      return "\033[33m";
    case Severity::problem:
      break;
  }
  return "\033[31m";
}

Severity worst_of(const std::vector<Finding>& findings) {
  Severity worst = Severity::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.severity);
  return worst;
}

std::string detail(std::string_view label, const std::string& text) {
  return text.empty() ? std::string() : fmt::format("           {:<5} {}\n", label, text);
}

}  // namespace

Finding all_well(std::string topic, std::string what, std::string evidence) {
  return {std::move(topic), Severity::ok, std::move(what), "", "", std::move(evidence)};
}

std::vector<Finding> examine(const DoctorRequest& request) {
  const RunningEngine running = read_status(request.status_json);
  const auto before = take_machine_sample();
  const auto begun = std::chrono::steady_clock::now();
  std::vector<Finding> findings{check_threads(running), check_flash_attention(running),
                                check_memory(request, running)};
  for (auto& finding : check_engine(request, running)) findings.push_back(std::move(finding));
  for (auto& finding : check_instance(request, running)) findings.push_back(std::move(finding));
  findings.insert(findings.end(), request.seen.begin(), request.seen.end());
  findings.push_back(check_governor());
  findings.push_back(check_open_files());
  findings.push_back(check_disk(request.data));
  findings.push_back(check_store_library());
  findings.push_back(check_clock_source());
  findings.push_back(check_gpu_analytics());
  std::this_thread::sleep_until(begun + std::chrono::seconds(1));
  const auto after = take_machine_sample();
  findings.push_back(check_clock_steps(before, after));
  findings.push_back(check_stolen_time(before, after));
  findings.push_back(check_swap(before, after));
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

std::string render_findings_text(const std::vector<Finding>& findings, bool colour) {
  std::string text;
  for (const auto& finding : findings) {
    const std::string label = fmt::format("{:<8}", name_of(finding.severity));
    text += colour ? fmt::format("{}{}\033[0m", colour_of(finding.severity), label) : label;
    text += fmt::format(" {}: {}\n", finding.topic, finding.what);
    text += detail("why", finding.why);
    text += detail("do", finding.action);
    text += detail("seen", finding.evidence);
  }
  const auto count = [&findings](Severity severity) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& f) { return f.severity == severity; });
  };
  text += fmt::format("{}, {}, {}, {} fine\n", counted(count(Severity::problem), "problem"),
                      counted(count(Severity::warning), "warning"), counted(count(Severity::note), "note"),
                      count(Severity::ok));
  return text;
}

std::string render_findings_json(const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const auto& finding : findings) {
    list.push_back({{"topic", finding.topic},
                    {"severity", name_of(finding.severity)},
                    {"what", finding.what},
                    {"why", finding.why},
                    {"action", finding.action},
                    {"evidence", finding.evidence}});
  }
  const Json document = {{"findings", std::move(list)}, {"worst", name_of(worst_of(findings))}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace llt::app
