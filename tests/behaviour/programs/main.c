/* The ROM works, then starts the firmware; the firmware works more, and ends. */
#include "work.h"

#include <stdio.h>

int main(void) {
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
