#pragma once
// What a library of RAPIDS says has failed, as one of the border's states.

#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

#include "analytics/gpu/rapids_abi.h"

namespace llt::rapids {

inline int report(int status, const std::string& text, llt_rapids_message* message) {
  std::snprintf(message->text, sizeof message->text, "%s", text.c_str());
  return status;
}

inline bool contains(std::string_view text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (text.find(part) != std::string_view::npos) return true;
  }
  return false;
}

/// RMM reports a missing driver as a failed allocation: what the message says goes first. RAFT's messages end
/// with a list of addresses, which are left out.
inline int report_gpu(const std::string& said, llt_rapids_message* message) {
  const std::string text = said.substr(0, said.find("\nObtained "));
  if (contains(text,
               {"InsufficientDriver", "NoDevice", "no CUDA-capable device", "cudaErrorInitializationError"}))
    return report(LLT_RAPIDS_UNAVAILABLE, text, message);
  const bool memory = contains(
      text, {"out_of_memory", "bad_alloc", "out of memory", "MemoryAllocation", "STATUS_ALLOC_FAILED"});
  return report(memory ? LLT_RAPIDS_OUT_OF_MEMORY : LLT_RAPIDS_FAILED, text, message);
}

}  // namespace llt::rapids
