// Finding the functions that the engine would have called without us.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

#include "probe/probe.h"

// ISO C has no conversion from an object pointer to a function pointer; POSIX promises that it works.
union address {
  void* object;
  llt_function function;
};

struct search {
  const char* name;
  const void* ours;  // an address of this library
  void* found;
};

// A library that was opened later with its symbols kept to itself is not behind us in the search order.
static int look_into(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size;
  struct search* search = data;
  if (info->dlpi_name == NULL || info->dlpi_name[0] == '\0') return 0;
  void* library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
  if (library == NULL) return 0;
  void* found = dlsym(library, search->name);
  Dl_info where, here;
  if (found != NULL && dladdr(found, &where) != 0 && dladdr(search->ours, &here) != 0 &&
      where.dli_fbase != here.dli_fbase) {
    search->found = found;
  }
  dlclose(library);
  return search->found != NULL;
}

llt_function llt_find(const char* name) {
  union address address;
  address.object = dlsym(RTLD_NEXT, name);
  if (address.object == NULL) {
    union address here;
    here.function = (llt_function)llt_find;
    struct search search = {name, here.object, NULL};
    dl_iterate_phdr(look_into, &search);
    address.object = search.found;
  }
  return address.object == NULL ? NULL : address.function;
}
