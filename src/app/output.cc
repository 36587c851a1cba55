#include "app/output.h"

#include "app/print.h"

namespace llt::app {

Result<Output> Output::open(const std::optional<std::string>& path) {
  Output output;
  if (!path) return output;
  auto file = OutputFile::create(*path);
  if (!file) return std::unexpected(file.error());
  output.file_.emplace(std::move(*file));
  return output;
}

Result<> Output::write(std::string_view piece) {
  bytes_ += piece.size();
  if (file_) return file_->write(piece);
  return write_out(piece) ? Result<>{} : flush_out();
}

Result<> Output::finish() {
  if (file_) return file_->commit();
  return flush_out();
}

}  // namespace llt::app
