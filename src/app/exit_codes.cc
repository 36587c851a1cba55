#include "app/exit_codes.h"

#include <fmt/format.h>

#include <string_view>

#include "app/print.h"

namespace llt::app {
namespace {

void print(const Error& error) {
  if (error.message.empty()) return;
  print_err("llamatelemetry: {}\n", error.message);
  std::string_view hint = error.hint;
  while (!hint.empty()) {
    const std::size_t end = hint.find('\n');
    print_err("  {}\n", hint.substr(0, end));
    hint = end == std::string_view::npos ? std::string_view() : hint.substr(end + 1);
  }
}

}  // namespace

int failed(const Error& error) {
  print(error);
  return kFailed;
}

int bad_usage(const Error& error) {
  print(error);
  return kBadUsage;
}

}  // namespace llt::app
