#include "app/passed_on.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "app/plan_input.h"

namespace llt::app {
namespace {

using placement::EngineOptions;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Each reads the value of one argument; false when it cannot.
using Read = bool (*)(PassedOn&, std::string_view);

bool read_context(PassedOn& said, std::string_view text) {
  const auto tokens = whole(text);
  if (!tokens || *tokens < 0) return false;
  said.trained_context = *tokens == 0;
  if (*tokens > 0) said.options.context = static_cast<std::uint64_t>(*tokens);
  return true;
}

bool read_parallel(PassedOn& said, std::string_view text) {
  const auto slots = whole(text);
  if (!slots || *slots == 0 || *slots < -1) return false;
  if (*slots > 0) said.options.parallel = static_cast<std::uint64_t>(*slots);
  return true;
}

template <std::uint64_t EngineOptions::*Member>
bool read_positive(PassedOn& said, std::string_view text) {
  const auto value = whole(text);
  if (!value || *value < 1) return false;
  said.options.*Member = static_cast<std::uint64_t>(*value);
  return true;
}

bool read_layers(PassedOn& said, std::string_view text) {
  if (text == "all" || text == "auto" || text == "-1" || text == "-2") return true;
  const auto layers = whole(text);
  if (!layers || *layers < 0) return false;
  said.options.offloaded_layers = static_cast<std::uint64_t>(*layers);
  return true;
}

bool read_flash_attention(PassedOn& said, std::string_view text) {
  const auto mode = parse_flash_attention(text);
  if (mode) said.options.flash_attention = *mode;
  return mode.has_value();
}

template <gguf::TensorTypeId EngineOptions::*Member>
bool read_cache_type(PassedOn& said, std::string_view text) {
  EngineOptions parsed;
  if (!parse_cache_types(text, parsed) || text.empty()) return false;
  said.options.*Member = parsed.key_type;
  return true;
}

bool read_split_mode(PassedOn& said, std::string_view text) {
  if (text.empty()) return false;
  const auto mode = parse_split_mode(text);
  if (mode) said.options.split_mode = *mode;
  return mode.has_value();
}

bool read_tensor_split(PassedOn& said, std::string_view text) {
  auto shares = parse_tensor_split(text);
  if (shares) said.options.tensor_split = std::move(*shares);
  return shares.has_value();
}

bool read_shared_cache(PassedOn& said, std::string_view text) {
  said.options.shared_cache = text != "0" && text != "off" && text != "false";
  return true;
}

bool read_own_cache(PassedOn& said, std::string_view /*text*/) {
  said.options.shared_cache = false;
  return true;
}

struct Known {
  std::initializer_list<std::string_view> names;
  const char* variable;  ///< nullptr: none
  Read read;
  bool has_value = true;
};

// llama.cpp 11434, common/arg.cpp.
const std::array kKnown = {
    Known{{"-c", "--ctx-size"}, "LLAMA_ARG_CTX_SIZE", read_context},
    Known{{"-np", "--parallel"}, "LLAMA_ARG_N_PARALLEL", read_parallel},
    Known{{"-b", "--batch-size"}, "LLAMA_ARG_BATCH", read_positive<&EngineOptions::batch>},
    Known{{"-ub", "--ubatch-size"}, "LLAMA_ARG_UBATCH", read_positive<&EngineOptions::micro_batch>},
    Known{{"-ngl", "--gpu-layers", "--n-gpu-layers"}, "LLAMA_ARG_N_GPU_LAYERS", read_layers},
    Known{{"-fa", "--flash-attn"}, "LLAMA_ARG_FLASH_ATTN", read_flash_attention},
    Known{{"-ctk", "--cache-type-k"}, "LLAMA_ARG_CACHE_TYPE_K", read_cache_type<&EngineOptions::key_type>},
    Known{{"-ctv", "--cache-type-v"}, "LLAMA_ARG_CACHE_TYPE_V", read_cache_type<&EngineOptions::value_type>},
    Known{{"-sm", "--split-mode"}, "LLAMA_ARG_SPLIT_MODE", read_split_mode},
    Known{{"-ts", "--tensor-split"}, "LLAMA_ARG_TENSOR_SPLIT", read_tensor_split},
    Known{{"-kvu", "--kv-unified"}, "LLAMA_ARG_KV_UNIFIED", read_shared_cache, false},
    Known{{"-no-kvu", "--no-kv-unified"}, nullptr, read_own_cache, false},
};

struct Argument {
  std::string_view name;
  const char* variable;
};

// The user chooses devices, so there is nothing left to plan. "-sm none" is among them.
constexpr std::array kOwnPlacement = {
    Argument{"-dev", "LLAMA_ARG_DEVICE"},  Argument{"--device", nullptr},
    Argument{"-mg", "LLAMA_ARG_MAIN_GPU"}, Argument{"--main-gpu", nullptr},
    Argument{"-fit", "LLAMA_ARG_FIT"},     Argument{"--fit", nullptr},
    Argument{"--rpc", "LLAMA_ARG_RPC"},    Argument{"-sm", nullptr},
    Argument{"--split-mode", nullptr},
};

// More or less memory than a plan of the model alone counts.
constexpr std::array kUncounted = {
    Argument{"-mm", "LLAMA_ARG_MMPROJ"},
    Argument{"--mmproj", nullptr},
    Argument{"-mmu", "LLAMA_ARG_MMPROJ_URL"},
    Argument{"--mmproj-url", nullptr},
    Argument{"-md", "LLAMA_ARG_MODEL_DRAFT"},
    Argument{"--model-draft", nullptr},
    Argument{"--spec-draft-model", "LLAMA_ARG_SPEC_DRAFT_MODEL"},
    Argument{"--lora", nullptr},
    Argument{"--lora-scaled", nullptr},
    Argument{"--control-vector", nullptr},
    Argument{"-ot", "LLAMA_ARG_OVERRIDE_TENSOR"},
    Argument{"--override-tensor", nullptr},
    Argument{"-cmoe", "LLAMA_ARG_CPU_MOE"},
    Argument{"--cpu-moe", nullptr},
    Argument{"-ncmoe", "LLAMA_ARG_N_CPU_MOE"},
    Argument{"--n-cpu-moe", nullptr},
    Argument{"-nkvo", "LLAMA_ARG_NO_KV_OFFLOAD"},
    Argument{"--no-kv-offload", nullptr},
    Argument{"--swa-full", "LLAMA_ARG_SWA_FULL"},
};

const Known* find_known(std::string_view name) {
  const auto found = std::ranges::find_if(
      kKnown, [&](const Known& known) { return std::ranges::find(known.names, name) != known.names.end(); });
  return found == kKnown.end() ? nullptr : &*found;
}

bool has_argument(const std::vector<std::string>& arguments, const Argument& one) {
  return std::ranges::find(arguments, one.name) != arguments.end();
}

void note_first(std::string& noted, bool present, std::string_view name) {
  if (present && noted.empty()) noted = name;
}

}  // namespace

PassedOn read_variables(const Variables& variables) {
  PassedOn said;
  const auto value_of = [&](const char* name) { return name == nullptr ? nullptr : variables(name); };
  for (const Known& known : kKnown) {
    if (const char* value = value_of(known.variable); value != nullptr) known.read(said, value);
  }
  for (const Argument& one : kOwnPlacement) {
    note_first(said.own_placement, value_of(one.variable) != nullptr,
               one.variable == nullptr ? "" : one.variable);
  }
  for (const Argument& one : kUncounted) {
    note_first(said.uncounted, value_of(one.variable) != nullptr,
               one.variable == nullptr ? "" : one.variable);
  }
  return said;
}

void read_arguments(PassedOn& said, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Known* known = find_known(arguments[i]);
    const bool complete = known != nullptr && (!known->has_value || i + 1 < arguments.size());
    if (!complete || !known->read(said, known->has_value ? arguments[i + 1] : "1")) {
      said.arguments.push_back(arguments[i]);
      continue;
    }
    if (known->has_value) ++i;
  }
  for (const Argument& one : kOwnPlacement) {
    note_first(said.own_placement, has_argument(said.arguments, one), one.name);
  }
  for (const Argument& one : kUncounted) {
    note_first(said.uncounted, has_argument(said.arguments, one), one.name);
  }
}

}  // namespace llt::app
