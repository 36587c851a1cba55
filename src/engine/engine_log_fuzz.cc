// Any bytes from the engine: lines stay bounded, nothing breaks.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "engine/diagnosis.h"
#include "engine/elf_needed.h"
#include "engine/output_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::engine;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  LineSplitter splitter;
  LogFacts facts;
  std::vector<LogLine> lines;
  const auto take = [&](std::string_view raw) {
    LLT_CHECK(raw.size() <= LineSplitter::kMaxLine);
    lines.push_back(parse_log_line(raw));
    LLT_CHECK(lines.back().text.size() <= raw.size());
    read_log_facts(lines.back().text, facts);
  };
  splitter.feed(bytes.substr(0, size / 2), take);
  splitter.feed(bytes.substr(size / 2), take);
  LLT_CHECK(!diagnose_exit({false, 1}, lines, {}).message.empty());
  LLT_CHECK(last_words(lines, 3).size() <= 3);
  static_cast<void>(elf_needed(bytes));
  return 0;
}
