#pragma once
// What the user tells llama-server itself, behind "--" or in its LLAMA_ARG_* variables, as far as a plan of
// memory depends on it.

#include <functional>
#include <string>
#include <vector>

#include "placement/options.h"

namespace llt::app {

struct PassedOn {
  placement::EngineOptions options;    ///< with what was said
  bool trained_context = false;        ///< "-c 0": as many tokens as the model was trained on
  std::vector<std::string> arguments;  ///< the rest, for llama-server as they are
  std::string own_placement;           ///< the first argument by which the user chooses devices; empty: none
  std::string uncounted;  ///< the first argument that needs or frees memory which no plan counts; empty: none
};

/// Looks a variable up; nullptr when it is not set.
using Variables = std::function<const char*(const char*)>;

/// What the variables say; its `arguments` are empty. Like read_arguments() it never fails: what cannot be
/// read is left for llama-server to refuse.
[[nodiscard]] PassedOn read_variables(const Variables& variables);

/// What the arguments say beats what was said before.
void read_arguments(PassedOn& said, const std::vector<std::string>& arguments);

}  // namespace llt::app
