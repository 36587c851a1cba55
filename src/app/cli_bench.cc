// The command line of `bench`.

#include "app/bench_options.h"
#include "app/command_line.h"
#include "app/option_checks.h"

namespace llt::app {

void add_bench_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, line, "bench", "Load an OpenAI-compatible server and say how it answers",
      "  llamatelemetry bench --url http://127.0.0.1:8080 --concurrency 8 --duration 1m\n"
      "  llamatelemetry bench --url http://127.0.0.1:8080 --rate 2.5 --slo ttft=500ms,tpot=50ms --json",
      [&line](const Settings& s) { return run_bench(s, line.bench); });
  BenchOptions& options = line.bench;
  command->add_option("--url", options.url, "the server, without /v1")->type_name("URL")->required();
  CLI::Option* rate = command
                          ->add_option("--rate", options.rate,
                                       "requests a second on average, whatever becomes of them (Poisson)")
                          ->type_name("R")
                          ->check(number_within(0.001, 100'000));
  command->add_option("--concurrency", options.concurrency, "clients that wait for each answer (default 4)")
      ->type_name("N")
      ->check(whole_number(1, 8192))
      ->excludes(rate);
  command->add_option("--duration", options.duration, "how long requests are sent (default 30s)")
      ->type_name("TIME");
  command->add_option("--prompts", options.prompts, "one prompt a line, or .jsonl with chat requests")
      ->type_name("FILE");
  command->add_option("--slo", options.slo, "what counts as goodput, e.g. ttft=500ms,tpot=50ms,e2e=30s")
      ->type_name("LIMITS");
  command->add_option("--model", options.model, "model to ask for (default: the server's first)")
      ->type_name("NAME");
  command
      ->add_option("--max-tokens", options.max_tokens,
                   "longest answer, unless the prompt says so (default 128)")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000));
  command->add_option("--timeout", options.timeout, "longest time for one request (default 10m)")
      ->type_name("TIME");
  command->add_option("--seed", options.seed, "of the moments of --rate (default 1)")
      ->type_name("N")
      ->check(whole_number());
  for (const SettingSpec& spec : setting_specs()) {
    if (spec.key == "api-key-file") add_setting(*command, line, spec);
  }
  command->add_flag("--json", options.json, "print one JSON document");
}

}  // namespace llt::app
