/* A generator of numbers whose state lies in RAM that ROM and firmware share, with a pointer to a function
   among it. The firmware's has initial values of its own, which romlink_reinit_shared() restores. */
#include "state.h"

#include <stdio.h>

#ifdef ROM
#define SHARED(name, value) __attribute__((section(".shared_state"))) name
#else
#define SHARED(name, value) name = value
#endif

unsigned state_multiply(unsigned value);
unsigned state_random(void);

typedef unsigned (*step_function)(unsigned);
extern step_function state_step;
extern unsigned state_seed;
extern unsigned state_counts[4];
SHARED(unsigned state_seed, 12345);
SHARED(step_function state_step, state_multiply);
#ifdef ROM
SHARED(unsigned state_counts[4], );
#else
unsigned state_counts[4];
#endif

unsigned state_multiply(unsigned value) {
#ifdef ROM
  return value * 69069U + 1;
#else
  return value * 1664525U + 1013904223U;
#endif
}

__attribute__((noinline)) unsigned state_random(void) {
  state_seed = state_step(state_seed);
  state_counts[state_seed >> 30]++;
  return state_seed >> 8;
}

#ifdef ROM
void state_start(void) {
  state_seed = 99;
  state_step = state_multiply;
}
#endif

void state_work(const char* who) {
  printf("%s:", who);
  for (int i = 0; i < 6; i++)
    printf(" %u", state_random());
  printf("; %u %u %u %u\n", state_counts[0], state_counts[1], state_counts[2], state_counts[3]);
}
