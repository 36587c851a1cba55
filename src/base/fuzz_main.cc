// Runs a fuzz target without libFuzzer, so that every sanitizer build can: replays the files of a corpus
// folder, then mutates them. With clang, link the target with -fsanitize=fuzzer instead of this file.
//
// usage: X_fuzz CORPUS_FOLDER [RUNS] [SEED]

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<Input> corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void mutate_once(Input& input, const std::vector<Input>& corpus, Random& random) {
  static constexpr std::uint8_t kInteresting[] = {0,   1,    0x7f, 0x80, 0xff, '\r', '\n',
                                                  '"', '\\', '{',  '}',  '[',  ':',  ','};
  const auto at = [&](std::size_t extra) {
    return static_cast<std::ptrdiff_t>(below(random, input.size() + extra));
  };
  const std::size_t kind = input.empty() ? 1 : below(random, 6);
  if (kind == 0) {
    input[static_cast<std::size_t>(at(0))] ^= static_cast<std::uint8_t>(1u << below(random, 8));
  } else if (kind == 1) {
    input.insert(input.begin() + at(1), kInteresting[below(random, std::size(kInteresting))]);
  } else if (kind == 2) {
    input[static_cast<std::size_t>(at(0))] = kInteresting[below(random, std::size(kInteresting))];
  } else if (kind == 3) {
    const auto from = at(0);
    const auto size =
        static_cast<std::ptrdiff_t>(below(random, input.size() - static_cast<std::size_t>(from)) + 1);
    input.erase(input.begin() + from, input.begin() + from + size);
  } else if (kind == 4) {
    input.resize(static_cast<std::size_t>(at(1)));  // truncated
  } else {
    const Input& other = corpus[below(random, corpus.size())];
    const std::size_t from = below(random, other.size());
    const std::size_t size = below(random, other.size() - from + 1);
    const auto first = other.begin() + static_cast<std::ptrdiff_t>(from);
    input.insert(input.begin() + at(1), first, first + static_cast<std::ptrdiff_t>(size));
  }
}

void run(const Input& input) {
  // An exact-size heap block, so that a sanitizer sees every read past the end.
  const Input copy(input);  // NOLINT(performance-unnecessary-copy-initialization): that is the point
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [RUNS] [SEED]\n", argv[0]);
    return 2;
  }
  const std::vector<Input> corpus = read_corpus(argv[1]);
  const unsigned long runs = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20'000;
  Random random(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1);
  for (const Input& input : corpus) run(input);
  for (unsigned long i = 0; i < runs && !corpus.empty(); ++i) {
    Input input = corpus[below(random, corpus.size())];
    for (std::size_t n = below(random, 8) + 1; n > 0; --n) mutate_once(input, corpus, random);
    run(input);
  }
  std::printf("%zu files and %lu mutations: no finding\n", corpus.size(), corpus.empty() ? 0 : runs);
  return 0;
}
