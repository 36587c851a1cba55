#pragma once

namespace llt::app {

/// Parses the command line, runs the subcommand and returns the exit code: 0 done, 1 failed, 2 bad usage.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace llt::app
