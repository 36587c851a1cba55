// The ring file: made when the first record is to be written, in the folder that the environment names.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "probe/probe.h"

enum state { NOT_TRIED, OPENING, OPEN, UNAVAILABLE };

static int ring_state = NOT_TRIED;
static pid_t ring_owner;
static struct llt_ring_header* ring;

uint64_t llt_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void llt_say(const char* text) {
  char line[512];
  const int size = snprintf(line, sizeof line, "llamatelemetry probe: %s\n", text);
  if (size <= 0) return;
  const size_t bytes = (size_t)size < sizeof line ? (size_t)size : sizeof line - 1;
  if (write(STDERR_FILENO, line, bytes) < 0) return;  // nobody listens: nothing can be said
}

static void say_failure(const char* what, int error) {
  char text[400];
  snprintf(text, sizeof text, "%s: %s; the engine runs without it", what, strerror(error));
  llt_say(text);
}

// Field 22 of /proc/self/stat, behind the name in parentheses, which may hold anything.
static uint64_t start_ticks(void) {
  char text[1024];
  const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 22; ++field) at = strchr(at + 1, ' ');
  return at == NULL ? 0 : strtoull(at, NULL, 10);
}

static uint64_t random_id(void) {
  uint64_t id = 0;
  if (getrandom(&id, sizeof id, GRND_NONBLOCK) != (ssize_t)sizeof id) id = llt_now() ^ (uint64_t)getpid();
  return id >> 1;  // fits a signed number everywhere
}

static uint32_t functions_found(void) {
  uint32_t found = 0;
  if (llt_find("llama_process") != NULL) found |= LLT_PROBE_HAS_PROCESS;
  if (llt_find("llama_decode") != NULL) found |= LLT_PROBE_HAS_DECODE;
  if (llt_find("llama_memory_seq_rm") != NULL || llt_find("llama_kv_self_seq_rm") != NULL ||
      llt_find("llama_kv_cache_seq_rm") != NULL) {
    found |= LLT_PROBE_HAS_MEMORY;
  }
  return found;
}

static struct llt_ring_header* map_new_file(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  // Every page now: on a full disk a later write would end the process.
  const int full = posix_fallocate(file, 0, (off_t)LLT_RING_BYTES);
  void* memory = MAP_FAILED;
  if (full == 0) {
    memory = mmap(NULL, LLT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  }
  const int error = full != 0 ? full : errno;
  close(file);
  if (memory != MAP_FAILED) return memory;
  unlink(path);
  errno = error;
  return NULL;
}

static struct llt_ring_header* open_ring(void) {
  const char* folder = getenv("LLAMATELEMETRY_PROBE_DIR");
  if (folder == NULL || folder[0] == '\0') return NULL;
  char making[4096], path[4096];
  const uint64_t id = random_id();
  const int size =
      snprintf(path, sizeof path, "%s/engine-%d-%016llx.ring", folder, (int)getpid(), (unsigned long long)id);
  if (size <= 0 || (size_t)size + 5 > sizeof path) {
    say_failure("LLAMATELEMETRY_PROBE_DIR is too long", ENAMETOOLONG);
    return NULL;
  }
  memcpy(making, path, (size_t)size);
  memcpy(making + size, ".new", 5);
  struct llt_ring_header* header = map_new_file(making);
  if (header == NULL) {
    say_failure("cannot make its file in LLAMATELEMETRY_PROBE_DIR", errno);
    return NULL;
  }
  header->magic = LLT_RING_MAGIC;
  header->version = LLT_PROBE_VERSION;
  header->header_bytes = LLT_RING_HEADER_BYTES;
  header->lanes = LLT_RING_LANES;
  header->lane_records = LLT_RING_LANE_RECORDS;
  header->pid = (int32_t)getpid();
  header->pid_start_ticks = start_ticks();
  header->functions = functions_found();
  header->id = id;
  if (rename(making, path) != 0) {  // a reader sees it whole or not at all
    say_failure("cannot name its file in LLAMATELEMETRY_PROBE_DIR", errno);
    unlink(making);
    munmap(header, LLT_RING_BYTES);
    return NULL;
  }
  return header;
}

bool llt_ready(void) {
  const int state = __atomic_load_n(&ring_state, __ATOMIC_ACQUIRE);
  if (state == OPEN) return true;
  if (state != NOT_TRIED) return false;
  int expected = NOT_TRIED;
  if (!__atomic_compare_exchange_n(&ring_state, &expected, OPENING, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_RELAXED)) {
    return false;
  }
  ring = open_ring();
  ring_owner = getpid();
  __atomic_store_n(&ring_state, ring != NULL ? OPEN : UNAVAILABLE, __ATOMIC_RELEASE);
  return ring != NULL;
}

// A forked copy of the engine shares the ring's memory and must leave it alone.
static void after_fork(void) {
  if (ring_owner != 0 && ring_owner != getpid()) {
    __atomic_store_n(&ring_state, UNAVAILABLE, __ATOMIC_RELEASE);
  }
}

extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void*);
__attribute__((constructor)) static void watch_forks(void) {
  __register_atfork(NULL, NULL, after_fork, NULL);
}

uint64_t llt_emit(union llt_probe_record* group, uint32_t count) {
  static uint32_t threads;
  static __thread uint32_t lane;  // counted from 1; 0: not chosen yet
  if (lane == 0) lane = 1 + __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED) % LLT_RING_LANES;
  group[0].head.records = (uint8_t)count;
  return llt_ring_write(ring, lane - 1, group, count);
}
