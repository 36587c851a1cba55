// A libllama whose llama_batch has a member more: the probe must pass it on as it is, and record nothing.

#include <fcntl.h>
#include <unistd.h>

#include "probe/fake_llama.h"
#include "probe/test_ring.h"

// What llama_batch_init() gave for the look at its layout cannot be freed by who does not know the layout.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfake_llama_odd"; }  // NOLINT

namespace llt::probe_test {
namespace {

TEST(UnknownLayout, IsPassedOnUntouched) {
  probe_folder();
  llama_context* context = fake_context();
  llama_get_memory(context);
  llama_batch batch = llama_batch_init(1, 0, 1);
  batch.n_tokens = 1;
  batch.token[0] = 100;
  EXPECT_EQ(llama_decode(context, batch), 0);
  EXPECT_EQ(fake_checksum(context), 1 + 77 + 100);
  batch.added_later = 78;
  fake_result(context, 2);
  EXPECT_EQ(llama_encode(context, batch), 2);
  EXPECT_EQ(fake_checksum(context), 1 + 78 + 100);
  ASSERT_NE(open_ring(), nullptr);
  EXPECT_TRUE(only(drain(), LLT_PROBE_STEP).empty());
  llama_batch_free(batch);
  llama_free(context);
}

}  // namespace
}  // namespace llt::probe_test
