#include "analytics/gpu/plugin/cugraph_api.h"

#include <dlfcn.h>

namespace llt::rapids {

std::string CugraphApi::resolve(void* library) {
  std::string missing;
// NOLINTBEGIN(bugprone-macro-parentheses): the name of a member
#define LLT_RESOLVE(name)                                                    \
  name = reinterpret_cast<decltype(name)>(dlsym(library, "cugraph_" #name)); \
  if (name == nullptr && missing.empty()) missing = "cugraph_" #name;
  LLT_CUGRAPH_FUNCTIONS(LLT_RESOLVE)
#undef LLT_RESOLVE
  // NOLINTEND(bugprone-macro-parentheses)
  return missing;
}

}  // namespace llt::rapids
