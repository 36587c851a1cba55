#pragma once
// One metadata value off the bytes of a file.

#include <string_view>

#include "base/error.h"
#include "gguf/byte_reader.h"
#include "gguf/value.h"

namespace llt::gguf {

/// The hint of errors that a download cut short, or a bad disk, makes.
inline constexpr std::string_view kDamaged = "the file is damaged: get the model again";

/// A value of this type at the reader's position, with all elements of an array checked. Costs time in
/// proportion to the value's strings, and no memory. `field` names it in errors.
[[nodiscard]] Result<Value> read_value(ByteReader& reader, ValueType type, std::string_view field);

}  // namespace llt::gguf
