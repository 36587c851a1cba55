#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/plan_report.h"
#include "app/text_table.h"
#include "app/units.h"
#include "placement/cuda_estimates.h"

namespace llt::app {
namespace {

using placement::CardPlan;
using placement::Placement;

constexpr std::size_t kBarCells = 40;

struct Part {
  std::string_view cell, name;
  std::uint64_t bytes;
};

std::array<Part, 6> parts(const CardPlan& card) {
  return {{{"█", "weights", card.usage.weights_bytes},
           {"▓", "KV cache", card.usage.kv_bytes},
           {"▒", "compute", card.usage.compute_bytes},
           {"░", "CUDA context", card.context_bytes},
           {"-", "reserve", card.reserve_bytes},
           {"x", "others", card.card.used_bytes}}};
}

// One cell at least for everything that is there, and never more than the bar has.
std::string bar(const CardPlan& card) {
  std::string text;
  std::size_t used = 0;
  const double whole = std::max(static_cast<double>(card.card.total_bytes), 1.0);
  for (const Part& part : parts(card)) {
    if (part.bytes == 0) continue;
    const double share = static_cast<double>(part.bytes) / whole * static_cast<double>(kBarCells);
    const auto cells =
        static_cast<std::size_t>(std::clamp(std::round(share), 1.0, static_cast<double>(kBarCells)));
    for (std::size_t i = 0; i < cells && used < kBarCells; ++i, ++used) text += part.cell;
  }
  for (; used < kBarCells; ++used) text += "·";
  return text;
}

std::string layers_text(const placement::Usage& usage) {
  std::string text = fmt::format("{} layer{}", usage.layers, usage.layers == 1 ? "" : "s");
  return usage.output ? text + " and the output" : text;
}

std::string card_text(const Placement& p, const CardPlan& card) {
  std::vector<std::string> figures;
  for (const Part& part : parts(card)) {
    if (part.bytes != 0) figures.push_back(fmt::format("{} {}", part.name, format_size(part.bytes)));
  }
  figures.push_back(card.missing_bytes != 0 ? fmt::format("MISSING {}", format_size(card.missing_bytes))
                                            : fmt::format("free {}", format_size(card.free_bytes)));
  std::string text = fmt::format("  GPU {} [{}] {} {}", card.card.index, bar(card),
                                 format_size(card.card.total_bytes), printable(card.card.name));
  if (text.back() == ' ') text.pop_back();
  text += "\n";
  text += fmt::format("        {}\n", fmt::join(figures, ", "));
  if (card.usage.layers != 0 || card.usage.output)
    text += fmt::format("        {}\n", layers_text(card.usage));
  if (p.analytics && p.analytics->index == card.index && p.analytics->bytes != 0) {
    text += fmt::format(
        "        analytics: about {:.0f} million rows at {} bytes, or {:.0f} million edges at {}\n",
        static_cast<double>(p.analytics->rows) / 1e6, placement::kAnalyticsBytesPerRow,
        static_cast<double>(p.analytics->edges) / 1e6, placement::kAnalyticsBytesPerEdge);
  }
  return text;
}

std::string per_second(const std::optional<double>& bound) {
  return bound ? fmt::format("{:.0f}/s", *bound) : "unknown";
}

std::string host_text(const Placement& p) {
  return fmt::format("  RAM   weights {}, KV cache {}, buffers {}{}\n", format_size(p.host.weights_bytes),
                     format_size(p.host.kv_bytes), format_size(p.host.compute_bytes),
                     p.host.layers != 0 || p.host.output ? "; " + layers_text(p.host) : "");
}

std::string placement_text(const Placement& p) {
  std::string text = fmt::format("{}: {}\n", p.name, p.reason);
  const bool on_cards = std::ranges::any_of(p.tensor_split, [](double share) { return share > 0; });
  if (on_cards) {
    for (const CardPlan& card : p.cards) text += card_text(p, card);
  }
  text += host_text(p);
  for (const std::string& note : p.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

std::string_view verdict_text(placement::Verdict verdict) {
  switch (verdict) {
    case placement::Verdict::fits:
      return "yes";
    case placement::Verdict::fits_with_changes:
      return "with changes";
    case placement::Verdict::does_not_fit:
      return "no";
  }
  return "no";
}

std::string table(const PlanReport& report) {
  TextTable rows(
      {"placement", "fits", "tensor split", "context", "slots", "decode at most", "prefill at most"}, 3);
  for (const Placement& p : report.plan.placements) {
    const bool possible = p.parallel != 0;
    const bool chosen = report.plan.best() == &p;
    rows.add({(chosen ? "* " : "  ") + p.name, std::string(verdict_text(p.verdict)),
              fmt::format("{}", fmt::join(p.tensor_split, ",")),
              possible ? std::to_string(p.context_tokens) : "-", possible ? std::to_string(p.parallel) : "-",
              per_second(p.bounds.decode), per_second(p.bounds.prefill)});
  }
  return rows.to_string();
}

std::string shown_value(const std::string& value) { return value.empty() ? "\"\"" : value; }

std::string command(const Placement& p) {
  std::string text;
  for (const auto& [name, value] : p.environment) text += fmt::format("{}={} ", name, shown_value(value));
  return fmt::format("{}llama-server {}\n", text, fmt::join(p.flags, " "));
}

}  // namespace

std::string plan_text(const PlanReport& report) {
  std::string text = fmt::format("{} ({}), {} of weights; GPUs: {} ({})\n\n", printable(report.model.name),
                                 printable(report.model.architecture), format_size(report.model.file_bytes()),
                                 report.request.cards.size(), report.cards_from);
  text += table(report) + "\n";
  for (const Placement& p : report.plan.placements) {
    if (p.parallel != 0) text += placement_text(p) + "\n";
  }
  text += "█ weights  ▓ KV cache  ▒ compute  ░ CUDA context (estimate)  - reserve  x others  · free\n\n";
  const Placement* best = report.plan.best();
  if (best == nullptr) return text + fmt::format("none chosen: {}\n", report.plan.why);
  return text + fmt::format("chosen: {}, because {}\n  {}", best->name, report.plan.why, command(*best));
}

}  // namespace llt::app
