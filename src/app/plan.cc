// `llamatelemetry plan`: where a model fits, and how to start it there.

#include <fmt/format.h>

#include <algorithm>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/json_text.h"
#include "app/machine_cards.h"
#include "app/plan_report.h"
#include "app/print.h"
#include "gguf/check.h"
#include "gguf/model_file.h"

namespace llt::app {
namespace {

struct PlannedCards {
  std::vector<placement::Card> cards;
  std::optional<std::uint64_t> ram_bytes;  ///< of this machine; nothing for another one
  std::string from;
};

Result<PlannedCards> find_cards(const PlanOptions& options) {
  if (options.gpu.empty() && options.preset.empty()) {
    MachineCards here = cards_here();
    return PlannedCards{
        .cards = std::move(here.cards), .ram_bytes = here.ram_bytes, .from = std::move(here.from)};
  }
  const bool sizes = !options.gpu.empty();
  auto parsed = parse_cards(sizes ? options.gpu : options.preset);
  if (!parsed) {
    Error error = parsed.error();
    error.message = fmt::format("{}: {}", sizes ? "--gpu" : "--preset", error.message);
    return std::unexpected(std::move(error));
  }
  return PlannedCards{.cards = std::move(*parsed),
                      .ram_bytes = {},
                      .from = sizes ? "--gpu " + options.gpu : "--preset " + options.preset};
}

// Damaged text in a model's name must not end the program: it stands as U+FFFD.
// The head says what the plan is about; a model that is still being fetched can be planned for.
void warn_if_damaged(const gguf::ModelFile& model, const std::string& path) {
  const auto findings = gguf::check(model);
  const auto broken = std::ranges::find(findings, gguf::Severity::error, &gguf::Finding::severity);
  if (broken == findings.end()) return;
  print_err("llamatelemetry: warning: {} is damaged: {}: {}\n", path, broken->where, broken->message);
  print_err(
      "  the plan is for the whole model, as its head describes it; 'llamatelemetry gguf --check' lists what "
      "is wrong\n");
}

}  // namespace

int run_plan(const Settings& /*settings*/, const PlanOptions& options) {
  auto engine = parse_engine_options(options);
  if (!engine) return bad_usage(engine.error());
  auto cards = find_cards(options);
  if (!cards) return bad_usage(cards.error());
  const auto model = gguf::ModelFile::open(options.file);
  if (!model) return failed(model.error());
  const auto shape = placement::model_shape(*model);
  if (!shape) return failed(shape.error());
  const placement::PlanRequest request{
      .cards = std::move(cards->cards), .options = std::move(*engine), .ram_bytes = cards->ram_bytes};
  const auto plan = placement::plan(*shape, request);
  if (!plan) return bad_usage(plan.error());
  const PlanReport report{.model = *shape, .request = request, .plan = *plan, .cards_from = cards->from};
  write_out(options.json ? to_text(plan_json(report)) : plan_text(report));
  warn_if_damaged(*model, options.file);
  return kDone;
}

}  // namespace llt::app
