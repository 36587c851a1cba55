// The command line of the commands about model files.

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/option_checks.h"
#include "gguf/synth_weights.h"
#include "placement/card.h"

namespace llt::app {
namespace {

std::string synth_type_names() {
  std::string names;
  for (const gguf::TensorTypeId id : gguf::synth_types()) {
    names += (names.empty() ? "" : " ") + gguf::tensor_type_name(id);
  }
  return names;
}

void add_gguf(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, line, "gguf", "Say what a model file holds, and what is wrong with it",
                                  "  llamatelemetry gguf model.gguf\n"
                                  "  llamatelemetry gguf model.gguf --tensors\n"
                                  "  llamatelemetry gguf model-00001-of-00003.gguf --check --json",
                                  [&line](const Settings& s) { return run_gguf(s, line.gguf); });
  command->add_option("file", line.gguf.file, "the model; any file of a split one")
      ->required()
      ->type_name("FILE");
  command->add_flag("--json", line.gguf.json, "print one JSON document");
  command->add_flag("--tensors", line.gguf.tensors, "list every tensor");
  command->add_flag("--check", line.gguf.check,
                    "check every offset, size, key and text; exit code 1 on errors");
}

void add_plan(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, line, "plan", "Say where a model fits, what it needs there, and how to start it",
                  "  llamatelemetry plan model.gguf\n"
                  "  llamatelemetry plan model.gguf --preset kaggle-2xt4 --ctx 16384 --parallel 4\n"
                  "  llamatelemetry plan model.gguf --gpu 24GiB,24GiB --tensor-split 0.7,0.3 --json",
                  [&line](const Settings& s) { return run_plan(s, line.plan); });
  PlanOptions& plan = line.plan;
  command->add_option("file", plan.file, "the model; any file of a split one")->required()->type_name("FILE");
  CLI::Option* gpu =
      command->add_option("--gpu", plan.gpu, "GPUs by their memory (default: those of this machine)");
  gpu->type_name("SIZE,SIZE,...");
  command->add_option("--preset", plan.preset, fmt::format("{}, or NxSIZE", placement::preset_names()))
      ->type_name("NAME")
      ->excludes(gpu);
  const auto number = [&](const char* flag, std::optional<std::uint64_t>& value, const char* meaning) {
    command->add_option(flag, value, meaning)->type_name("N")->check(whole_number());
  };
  number("--ctx", plan.context,
         "tokens of context in all (default: what the model was trained on, or what fits)");
  number("--parallel", plan.parallel, "requests at once (default: 4 that share the context)");
  command->add_option("--kv-type", plan.kv_type, "type of the KV cache, or of keys and values (default f16)")
      ->type_name("T[,T]");
  command->add_option("--tensor-split", plan.tensor_split, "shares of the model for each GPU")
      ->type_name("A,B,...");
  command
      ->add_option("--split-mode", plan.split_mode,
                   "what is spread over GPUs: layer (default), row or tensor")
      ->type_name("MODE");
  number("--gpu-layers", plan.offloaded_layers, "layers on GPUs, the output counted as one (default: all)");
  command->add_option("--flash-attn", plan.flash_attention, "FlashAttention: on (default), off or auto")
      ->check(CLI::IsMember({"on", "off", "auto"}));
  number("--batch", plan.batch, "tokens of prompts handed over at once (default 2048)");
  number("--ubatch", plan.micro_batch, "tokens computed at once (default 512)");
  command->add_flag("--json", plan.json, "print one JSON document");
}

void add_synth(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, line, "synth", "Write a random-weight model for benchmarks and tests",
      "  llamatelemetry synth tiny.gguf --layers 2 --embd 128 --ff 256 --heads 4 --kv-heads 2 --vocab 512\n"
      "  llamatelemetry synth 8b.gguf --layers 32 --embd 4096 --ff 14336 --heads 32 --kv-heads 8 "
      "--vocab 128256\n"
      "  llamatelemetry synth moe.gguf --experts 8 --experts-used 2 --type q8_0",
      [&line](const Settings& s) { return run_synth(s, line.synth); });
  gguf::SynthShape& shape = line.synth.shape;
  const auto number = [&](const char* flag, std::uint64_t& value, const char* meaning) {
    command->add_option(flag, value, fmt::format("{} (default {})", meaning, value))
        ->type_name("N")
        ->check(whole_number());
  };
  command->add_option("file", line.synth.file, "the file to write")->required()->type_name("OUT.gguf");
  number("--layers", shape.layers, "layers");
  number("--embd", shape.embedding, "embedding length");
  number("--ff", shape.feed_forward, "feed-forward length, of each expert if there are any");
  number("--heads", shape.heads, "attention heads");
  number("--kv-heads", shape.kv_heads, "heads of keys and values");
  number("--vocab", shape.vocabulary, "tokens in the vocabulary, at least 356");
  number("--ctx", shape.context, "context length that the model claims");
  number("--window", shape.window, "tokens of a sliding window, as in Gemma 3; 0 makes the Llama shape");
  number("--experts", shape.experts, "experts; 0 makes a dense model");
  number("--experts-used", shape.experts_used, "experts used for each token");
  number("--seed", shape.seed, "the same seed and shape give the same file");
  command
      ->add_option("--type", line.synth.type,
                   fmt::format("type of all matrices: {} (default {})", synth_type_names(), line.synth.type))
      ->type_name("TYPE");
  command->add_option("--name", shape.name, "general.name of the model (default synth)")->type_name("NAME");
}

}  // namespace

void add_model_commands(CLI::App& app, CommandLine& line) {
  add_gguf(app, line);
  add_plan(app, line);
  add_synth(app, line);
}

}  // namespace llt::app
