#include <fmt/format.h>

#include <algorithm>

#include "app/gguf_report.h"
#include "app/text_table.h"
#include "app/units.h"

namespace llt::app {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string grouped_or_unknown(const std::optional<std::uint64_t>& number) {
  return number ? grouped(*number) : "unknown";
}

std::string size_or_unknown(const std::optional<std::uint64_t>& bytes) {
  return bytes ? format_size(*bytes) : "unknown";
}

std::string bits(const gguf::TensorTotals& totals) {
  const auto value = totals.bits_per_weight();
  return value ? fmt::format("{:.2f}", *value) : "-";
}

// "32", or "8 to 32" where blocks differ.
std::string range(const gguf::PerBlock& values) {
  if (values.empty()) return "unknown";
  const auto [least, most] = std::ranges::minmax(values);
  return least == most ? grouped(least) : fmt::format("{} to {}", grouped(least), grouped(most));
}

std::string heading(const ModelReport& report) {
  const gguf::ModelFile& model = report.model;
  const std::size_t files = model.parts().size();
  const std::string architecture(model.architecture().empty() ? "no architecture" : model.architecture());
  const bool big = model.parts().front().header.order == gguf::ByteOrder::big;
  return fmt::format("{}\n{}, GGUF version {}{}, {}{}, {} tensors\n", printable(model.name()),
                     printable(architecture), model.version(), big ? " (big endian)" : "",
                     format_size(model.file_bytes()), files > 1 ? fmt::format(" in {} files", files) : "",
                     grouped(model.tensors().size()));
}

void add_heads(Lines& lines, const gguf::Architecture& a) {
  if (a.head_count.empty()) return;
  std::string text = range(a.head_count) + " query";
  if (a.latent_attention()) {
    text += ", latent key and value";
  } else if (a.head_count_kv != a.head_count) {
    text += fmt::format(", {} key and value", range(a.head_count_kv));
  } else {
    text += ", as many key and value";
  }
  if (a.key_length) text += fmt::format(", {} values each", grouped(*a.key_length));
  if (a.key_length_swa && a.key_length_swa != a.key_length) {
    text += fmt::format(" ({} within the window)", grouped(*a.key_length_swa));
  }
  lines.emplace_back("heads", text);
}

std::string blocks_text(const ModelReport& report) {
  const auto count = [&](bool gguf::Block::*member) {
    return std::ranges::count_if(report.memory.blocks, [&](const gguf::Block& b) { return b.*member; });
  };
  std::string text = grouped_or_unknown(report.architecture.block_count);
  if (count(&gguf::Block::recurrent) != 0) {
    text += fmt::format(", {} with attention, {} recurrent", count(&gguf::Block::attention),
                        count(&gguf::Block::recurrent));
  }
  if (count(&gguf::Block::draft) != 0) text += fmt::format(", {} for drafts", count(&gguf::Block::draft));
  return text;
}

void add_memory(Lines& lines, const ModelReport& report) {
  const gguf::ModelMemory& memory = report.memory;
  const auto per_token = memory.kv_bytes_per_token();
  if (!per_token) {
    lines.emplace_back("KV cache", "unknown: " + printable(memory.why_unknown));
    return;
  }
  if (*per_token == 0) {
    lines.emplace_back("KV cache", "none");
  } else {
    std::string text = fmt::format("{} a token (f16)", format_size(*per_token));
    const auto context = report.architecture.context_length;
    std::uint64_t whole = 0;
    if (memory.window == 0 && context && !__builtin_mul_overflow(*per_token, *context, &whole)) {
      text += fmt::format(", {} for the whole context", format_size(whole));
    }
    lines.emplace_back("KV cache", text);
  }
  if (memory.window != 0) {
    lines.emplace_back(
        "sliding window",
        fmt::format("{} tokens in {} of {} layers; beyond it the cache grows by {} a token",
                    grouped(memory.window), std::ranges::count_if(memory.blocks, &gguf::Block::windowed),
                    memory.blocks.size(), size_or_unknown(memory.kv_bytes_per_token_beyond_window())));
  }
  if (const auto state = memory.state_bytes_per_sequence(); state.value_or(0) != 0) {
    lines.emplace_back("state", fmt::format("{} a sequence (f32)", format_size(*state)));
  }
}

void add_vocabulary(Lines& lines, const gguf::Vocabulary& vocabulary) {
  std::string text = "none";
  if (vocabulary.tokens) {
    text = fmt::format("{} tokens", grouped(*vocabulary.tokens));
    if (vocabulary.model) text += ", " + printable(*vocabulary.model);
    if (vocabulary.pre) text += fmt::format(" ({})", printable(*vocabulary.pre));
  }
  for (const gguf::SpecialToken& token : vocabulary.special) {
    if (token.role != "bos" && token.role != "eos" && token.role != "eot") continue;
    text += fmt::format(", {} {}", token.role,
                        token.text ? printable(shortened(*token.text, 24)) : std::to_string(token.id));
  }
  lines.emplace_back("vocabulary", text);
  std::string templates = vocabulary.templates.empty() ? "none" : "";
  for (const gguf::ChatTemplate& t : vocabulary.templates) {
    if (!templates.empty()) templates += "; ";
    if (!t.name.empty()) templates += printable(t.name) + ", ";
    templates += fmt::format("{}{}", format_size(t.bytes), t.mentions_tools ? ", with tools" : "");
  }
  lines.emplace_back("chat template", templates);
}

Lines facts(const ModelReport& report) {
  const gguf::Architecture& a = report.architecture;
  const gguf::TensorTotals& all = report.summary.all;
  Lines lines;
  lines.emplace_back("parameters", grouped_or_unknown(all.parameters));
  if (all.tensors != 0)
    lines.emplace_back("weights",
                       fmt::format("{}, {} bits per weight", size_or_unknown(all.bytes), bits(all)));
  lines.emplace_back("context", a.context_length ? grouped(*a.context_length) + " tokens" : "unknown");
  lines.emplace_back("layers", blocks_text(report));
  std::string widths = grouped_or_unknown(a.embedding_length);
  if (!a.feed_forward_length.empty())
    widths += fmt::format(", feed-forward {}", range(a.feed_forward_length));
  lines.emplace_back("embedding", widths);
  add_heads(lines, a);
  if (a.expert_count.value_or(0) != 0) {
    lines.emplace_back("experts", fmt::format("{}, {} used for each token", grouped(*a.expert_count),
                                              range(a.expert_used_count)));
  }
  add_memory(lines, report);
  add_vocabulary(lines, report.vocabulary);
  return lines;
}

std::vector<std::string> totals_row(std::string name, const gguf::TensorTotals& totals) {
  return {std::move(name), grouped(totals.tensors), grouped_or_unknown(totals.parameters), bits(totals),
          size_or_unknown(totals.bytes)};
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string model_text(const ModelReport& report) {
  std::string text = heading(report) + "\n";
  std::size_t widest = 0;
  const Lines lines = facts(report);
  for (const auto& [name, value] : lines) widest = std::max(widest, name.size());
  for (const auto& [name, value] : lines) text += fmt::format("{:<{}}  {}\n", name, widest, value);
  if (report.summary.by_role.empty()) return text;
  TextTable roles({"role", "tensors", "parameters", "bits per weight", "size"}, 1);
  for (const auto& role : report.summary.by_role) {
    std::string name(gguf::to_string(role.role));
    std::ranges::replace(name, '_', ' ');
    roles.add(totals_row(std::move(name), role.totals));
  }
  TextTable types({"type", "tensors", "parameters", "bits per weight", "size"}, 1);
  for (const auto& type : report.summary.by_type) {
    types.add(totals_row(gguf::tensor_type_name(type.type), type.totals));
  }
  return text + "\n" + roles.to_string() + "\n" + types.to_string();
}

std::string tensors_text(const gguf::ModelFile& model) {
  const bool split = model.parts().size() > 1;
  std::vector<std::string> headings = {"tensor", "type", "shape", "offset", "bytes"};
  if (split) headings.emplace_back("file");
  TextTable table(std::move(headings), 3);
  for (const gguf::Tensor& tensor : model.tensors()) {
    std::vector<std::string> row = {printable(tensor.name), gguf::tensor_type_name(tensor.type),
                                    fmt::format("{}", fmt::join(tensor.shape(), " x ")),
                                    std::to_string(tensor.offset),
                                    tensor.bytes ? std::to_string(*tensor.bytes) : "unknown"};
    if (split) row.push_back(std::to_string(tensor.file + 1));
    table.add(std::move(row));
  }
  return table.to_string();
}

std::string findings_text(const std::vector<gguf::Finding>& findings) {
  if (findings.empty()) return "no findings\n";
  std::string text;
  for (const gguf::Finding& finding : findings) {
    text += fmt::format("{}: {}: {}\n", gguf::to_string(finding.severity), printable(finding.where),
                        printable(finding.message));
  }
  return text;
}

}  // namespace llt::app
