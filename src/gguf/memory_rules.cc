#include "gguf/memory_rules.h"

#include <algorithm>
#include <array>

namespace llt::gguf {
namespace {

using enum MemoryKind;
using enum WindowRule;

// Attention in every block, without windows: llama.cpp's default cache.
constexpr std::array<std::string_view, 75> kPlain = {
    "apertus",    "arcee",    "arctic",        "baichuan",    "bailingmoe",     "bailingmoe2",
    "bitnet",     "bloom",    "chameleon",     "chatglm",     "codeshell",      "cogvlm",
    "command-r",  "dbrx",     "deci",          "deepseek",    "deepseek2",      "deepseek2-ocr",
    "dots1",      "ernie4_5", "ernie4_5-moe",  "exaone",      "falcon",         "gemma",
    "glm4",       "glm4moe",  "gpt2",          "gptneox",     "granite",        "granitemoe",
    "grok",       "grovemoe", "hunyuan-dense", "hunyuan-moe", "hunyuan_vl",     "internlm2",
    "jais",       "jais2",    "llama",         "maincoder",   "minicpm",        "minicpm3",
    "minimax-m2", "mistral3", "mistral4",      "mpt",         "nemotron",       "olmo",
    "olmoe",      "openelm",  "orion",         "paddleocr",   "pangu-embedded", "phi2",
    "phi3",       "phimoe",   "plamo",         "plm",         "qwen",           "qwen2",
    "qwen2moe",   "qwen2vl",  "qwen3",         "qwen3moe",    "qwen3vl",        "qwen3vlmoe",
    "refact",     "seed_oss", "smollm3",       "stablelm",    "starcoder",      "starcoder2",
    "talkie",     "xverse",   "hy_v3",
};

constexpr std::array<std::string_view, 14> kWithoutMemory = {
    "bert",  "clef",      "dream",       "eurobert", "gemma-embedding", "jina-bert-v2",   "jina-bert-v3",
    "llada", "llada-moe", "modern-bert", "neo-bert", "nomic-bert",      "nomic-bert-moe", "rnd1",
};

constexpr std::array<std::string_view, 6> kRecurrent = {"arwkv7", "mamba",      "mamba2",
                                                        "rwkv6",  "rwkv6qwen2", "rwkv7"};

// Absent on purpose, since their caches follow rules of their own: deepseek32, deepseek4, dflash, dots3note,
// eagle3, gemma4-assistant, glm-dsa, glm5-next, graniteswitch, hrm_text, hy_v4, kimi-k3, minimax-m3,
// nanbeige, qwen4exp, t5.
constexpr std::array kSpecial = {
    MemoryRule{.architecture = "afmoe", .window = if_said, .period = 4},
    MemoryRule{.architecture = "cohere2", .window = always, .period = 4},
    MemoryRule{.architecture = "cohere2moe", .window = always, .period = 4, .dense_first = true},
    MemoryRule{.architecture = "exaone-moe", .window = always, .default_window = 128, .period = 4},
    MemoryRule{.architecture = "exaone4",
               .window = always,
               .default_window = 4096,
               .period = 4,
               .window_blocks = 64},
    MemoryRule{.architecture = "gemma2", .window = always, .default_window = 4096, .period = 2},
    MemoryRule{.architecture = "gemma3", .window = if_said, .period = 6},
    MemoryRule{.architecture = "gemma3n", .window = always, .period = 5, .cached_blocks = 20},
    MemoryRule{.architecture = "gemma4", .window = always},
    MemoryRule{.architecture = "gpt-oss", .window = always, .period = 2},
    MemoryRule{.architecture = "granite_swa", .window = always},
    MemoryRule{.architecture = "laguna", .window = if_said, .period = 4, .dense_first = true},
    MemoryRule{.architecture = "llama4",
               .window = unless_zero,
               .default_window = 8192,
               .fixed_window = true,
               .period = 4},
    MemoryRule{.architecture = "maple", .window = always},
    MemoryRule{.architecture = "mellum", .window = if_said, .period = 4},
    MemoryRule{.architecture = "mimo2", .window = always},
    MemoryRule{.architecture = "muse-glimmer", .window = always, .period = 4},
    MemoryRule{.architecture = "olmo2", .window = if_said, .period = 4},
    MemoryRule{.architecture = "plamo3", .window = if_said, .period = 8},
    MemoryRule{.architecture = "smallthinker",
               .window = if_said,
               .default_window = 4096,
               .fixed_window = true,
               .period = 4,
               .dense_first = true},
    MemoryRule{.architecture = "spark2_5", .window = always},
    MemoryRule{.architecture = "step35", .window = always},
    MemoryRule{.architecture = "bailingmoe3", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "falcon-h1", .kind = hybrid, .recurrent = RecurrentRule::every_block_both},
    MemoryRule{.architecture = "granitehybrid", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "jamba", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "kimi-linear", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "lfm2",
               .kind = hybrid,
               .window = if_said,
               .all_windowed = true,
               .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "lfm2moe", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "nemotron_h", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads_no_ff},
    MemoryRule{
        .architecture = "nemotron_h_moe", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads_no_ff},
    MemoryRule{.architecture = "plamo2", .kind = hybrid, .recurrent = RecurrentRule::no_kv_heads},
    MemoryRule{.architecture = "qwen35",
               .kind = hybrid,
               .recurrent = RecurrentRule::interval,
               .default_interval = 4},
    MemoryRule{.architecture = "qwen35moe",
               .kind = hybrid,
               .recurrent = RecurrentRule::interval,
               .default_interval = 4},
    MemoryRule{.architecture = "qwen3next",
               .kind = hybrid,
               .recurrent = RecurrentRule::interval,
               .default_interval = 4},
};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

MemoryRule memory_rule(std::string_view architecture) noexcept {
  const auto special = std::ranges::find(kSpecial, architecture, &MemoryRule::architecture);
  if (special != kSpecial.end()) return *special;
  MemoryRule rule{.architecture = architecture};
  if (contains(kPlain, architecture)) return rule;
  rule.kind = contains(kWithoutMemory, architecture) ? none
              : contains(kRecurrent, architecture)   ? recurrent
                                                     : unknown;
  return rule;
}

}  // namespace llt::gguf
