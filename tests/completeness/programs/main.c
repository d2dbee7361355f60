/* Uses of the C library; the firmware (without ROM) does a little more, in another order. Linked, never run.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared.h"

void start(void);
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {0, start};

static int compare(const void* a, const void* b) {
  return *(const int*)a - *(const int*)b;
}

static char text[100];
static int numbers[10];
volatile double result;

#ifndef ROM
static void firmware_only(const char* arg) {
  result += atan2(strtod(arg, 0), tan(result)) + fmod(result, 3.0);
  sscanf(arg, "%d", numbers);
  snprintf(text, sizeof text, "%08lx %s", strtoul(arg, 0, 16), strerror(numbers[0]));
}
#endif

void start(void) {
#ifndef ROM
  firmware_only("12");
#endif
  shared_work(text, numbers, sizeof numbers / sizeof numbers[0]);
  result = strtod(text, 0) + sin(result) + pow(result, 1.5) + exp(result) + log(result) + sqrt(result);
  printf("%d %s %f\n", numbers[1], text, result);
  qsort(numbers, 10, sizeof numbers[0], compare);
  char* copy = malloc(strlen(text) + 1);
  strcpy(copy, text);
  for (char* p = copy; *p; p++)
    *p = (char)toupper((unsigned char)*p);
  result += strtol(strstr(copy, "A") ? copy : "7", 0, 10) + (double)(float)result / 3;
  memmove(copy, copy + 1, 3);
  free(copy);
#ifdef STATE
  result += state_work((unsigned)numbers[2]);
#endif
  for (;;) {
  }
}
