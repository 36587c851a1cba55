#pragma once
// What an option's value must be; said in our own words where it is not.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace llt::app {

/// CLI11 by itself would take "-3" for the unsigned number that has the same bits.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least = 0,
                                          std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

[[nodiscard]] CLI::Validator number_within(double least, double most);

/// Lets the names of stdout ("-", /dev/stdout) mean what leaving the option out means.
[[nodiscard]] CLI::Validator stdout_is_none();

/// Why CLI11 refused a command line, in our words. `command`: the one that was to run.
[[nodiscard]] std::string refusal(const CLI::App& command, const CLI::ParseError& error);

/// "--probe --parallel 4": an option that took the next one for its value. Empty when none did.
[[nodiscard]] std::string swallowed_option(const CLI::App& command);

}  // namespace llt::app
