// What the probe costs an engine: one step of a batch, filled as llama-server fills it. Built twice, with the
// probe (probe_bench) and without (no_probe_bench); the stand-in for libllama does next to nothing itself.

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "probe/fake_llama.h"
#include "wire/probe_ring.h"

namespace {

// Empties the ring when there is one, as a gateway would.
class Reader {
 public:
  Reader() {
    for (const auto& entry : std::filesystem::directory_iterator(std::getenv("LLAMATELEMETRY_PROBE_DIR"))) {
      FILE* file = std::fopen(entry.path().c_str(), "r+");
      ring_ = static_cast<llt_ring_header*>(
          mmap(nullptr, LLT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0));
      std::fclose(file);
    }
  }
  void drain() {
    if (ring_ == nullptr) return;
    for (auto& lane : ring_->lane) __atomic_store_n(&lane.tail, lane.head, __ATOMIC_RELEASE);
  }

 private:
  llt_ring_header* ring_ = nullptr;
};

// Tokens of `sequences` sequences, `each` of every one, the last of which is wanted.
void fill(llama_batch_ext* batch, int sequences, int each) {
  llama_batch_ext_clear(batch);
  for (int sequence = 0; sequence < sequences; ++sequence) {
    for (int i = 0; i < each; ++i) {
      const int index = llama_batch_ext_add_token(batch, sequence, i);
      llama_batch_ext_set_pos(batch, index, &i);
      if (i + 1 == each) llama_batch_ext_set_output_logits(batch, index, true);
    }
  }
}

void step(benchmark::State& state) {
  llama_context* context = fake_context();
  llama_get_memory(context);
  llama_batch_ext* batch = llama_batch_ext_init(context);
  Reader reader;
  int until_drain = 1000;
  for (auto _ : state) {
    fill(batch, static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    benchmark::DoNotOptimize(llama_process(context, 1, batch));
    llama_synchronize(context);
    if (--until_drain > 0) continue;
    reader.drain();
    until_drain = 1000;
  }
  llama_batch_ext_free(batch);
  llama_free(context);
}
BENCHMARK(step)
    ->ArgNames({"sequences", "tokens_each"})
    ->Args({1, 1})
    ->Args({4, 1})
    ->Args({64, 1})
    ->Args({1, 512})
    ->Args({4, 128});

}  // namespace

int main(int argc, char** argv) {
  std::string folder = (std::filesystem::temp_directory_path() / "llt-probe-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  setenv("LLAMATELEMETRY_PROBE_DIR", folder.c_str(), 1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  std::filesystem::remove_all(folder);
  return 0;
}
