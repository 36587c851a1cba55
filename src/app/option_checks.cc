#include "app/option_checks.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace llt::app {
namespace {

template <class Number>
bool read(const std::string& text, Number& value) {
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc{} && end == last;
}

// What a link such as /dev/stdout leads to is what stdout is, whatever that is.
bool names_stdout(const std::string& path) {
  struct stat named {};
  struct stat ours {};
  if (path == "-") return true;
  return stat(path.c_str(), &named) == 0 && fstat(STDOUT_FILENO, &ours) == 0 && named.st_dev == ours.st_dev &&
         named.st_ino == ours.st_ino;
}

// The options of a command that take a value.
std::vector<const CLI::Option*> valued_options(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) {
    return option->nonpositional() && option->get_items_expected_max() > 0;
  });
}

bool is_option(const CLI::App& command, std::string_view text) {
  return text.starts_with("--") &&
         command.get_option_no_throw(std::string(text.substr(0, text.find('=')))) != nullptr;
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return {[least, most](std::string& text) -> std::string {
            std::uint64_t value = 0;
            if (read(text, value) && value >= least && value <= most) return {};
            if (most == std::numeric_limits<std::uint64_t>::max())
              return fmt::format("'{}' is not a whole number from {} up", text, least);
            return fmt::format("'{}' is not a whole number from {} to {}", text, least, most);
          },
          ""};
}

CLI::Validator number_within(double least, double most) {
  return {[least, most](std::string& text) -> std::string {
            double value = 0;
            if (read(text, value) && value >= least && value <= most) return {};
            return fmt::format("'{}' is not a number from {} to {}", text, least, most);
          },
          ""};
}

CLI::Validator stdout_is_none() {
  return {[](std::string& path) {
            if (names_stdout(path)) path.clear();
            return std::string();
          },
          ""};
}

std::string refusal(const CLI::App& command, const CLI::ParseError& error) {
  for (const CLI::Option* option : valued_options(command)) {
    if (option->count() > 1 && option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw &&
        option->get_items_expected_max() == 1)
      return fmt::format("{} is given {} times", option->get_name(), option->count());
  }
  std::string said = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && said.ends_with("missing"))
    return said.substr(0, said.find(':')) + " needs a value";
  if (said == "A subcommand is required") return "a command is required";
  return said;
}

std::string swallowed_option(const CLI::App& command) {
  for (const CLI::Option* option : valued_options(command)) {
    for (const std::string& value : option->results()) {
      if (is_option(command, value))
        return fmt::format("{} needs a value, and '{}' is the next option", option->get_name(), value);
    }
  }
  return {};
}

}  // namespace llt::app
