/* The ROM works, then starts the firmware; the firmware works more, and ends. */
#include "work.h"

#ifdef STATE
#include "state.h"
#include <romlink/reinit.h>
#endif
#include <stdio.h>

int main(void) {
#if defined(STATE) && defined(ROM)
  state_start();
  state_work("ROM's numbers");
#elif defined(STATE)
  romlink_reinit_shared();
  state_work("firmware's numbers");
#endif
#ifdef ROM
  work("ROM", 2);
#else
  work("firmware", 3);
  more_work();
  printf("done\n");
#endif
  fflush(stdout);
  return 0;
}
