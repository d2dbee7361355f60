/* Variables in RAM that ROM and firmware share, with the code that uses them; and variables that must stay
 * apart. */
#include "shared.h"

#ifdef ROM
#define IN_SHARED(name) __attribute__((section(".shared_state." #name)))
#else
#define IN_SHARED(name)
#endif

IN_SHARED(count) unsigned state_count;
IN_SHARED(ring) unsigned char state_ring[16];
IN_SHARED(lonely) unsigned state_lonely; /* no shared code uses it */
#ifdef ROM
IN_SHARED(resized) unsigned state_resized[2];
#else
IN_SHARED(resized) unsigned state_resized[3];
#endif
unsigned state_private = 3; /* not in the shared RAM */

__attribute__((noinline)) unsigned state_next(unsigned by) {
  state_count += by;
  return state_count;
}

__attribute__((noinline)) unsigned state_put(unsigned char byte) {
  const unsigned at = state_next(1) % sizeof state_ring;
  state_ring[at] ^= byte;
  return state_ring[(at + 1) % sizeof state_ring];
}

__attribute__((noinline)) unsigned state_resize(unsigned by) {
  state_resized[1] += by;
  return state_resized[0];
}

__attribute__((noinline)) unsigned state_own(unsigned by) {
  return state_private *= by;
}

unsigned state_work(unsigned n) {
#ifdef ROM
  state_lonely += 2;
#else
  state_lonely = state_lonely * 5 + n;
#endif
  return state_put((unsigned char)n) + state_resize(n) + state_own(n);
}
