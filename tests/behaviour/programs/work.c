/* The C library at work: formatting, parsing, memory, strings, sorting, arithmetic of all widths,
 * mathematics, jumps. */
#include "work.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const words[] = {"gamma", "alpha", "delta", "beta", "epsilon"};
#define COUNT (sizeof words / sizeof words[0])

static int by_text(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

static int by_value(const void* a, const void* b) {
  const int x = *(const int*)a, y = *(const int*)b;
  return (x > y) - (x < y);
}

static void numbers(int rounds) {
  int64_t sum = 1;
  uint64_t product = 0x123456789abcdefULL;
  float f = 1.5f;
  for (int i = 1; i <= rounds; i++) {
    sum = sum * 31 + i;
    product = product / (uint64_t)(i * 7) + product % (uint64_t)(i + 3) * 0x10001;
    f = f * 1.25f + (float)i / 3.0f;
  }
  printf("%lx%08lx %lx%08lx %ld\n", (long)(sum >> 32), (unsigned long)sum, (unsigned long)(product >> 32),
         (unsigned long)product, (long)(f * 100));
  printf("%d %d %d %u\n", rounds / 7, -rounds % 5, (int)(uint32_t)(0xdeadbeef >> rounds % 32),
         0xffffffffU / 10);
}

static void mathematics(int rounds) {
  for (int i = 1; i <= rounds; i++) {
    const double x = i * 0.37;
    printf("%.9g %.9g %.9g %.9g %.9g %.9g\n", sin(x), cos(x), exp(x / 4), log(x), pow(x, 1.7), sqrt(x));
  }
  printf("%.6f %.3e %g\n", 3.14159265, 6.02e23, 0.1);
}

static void strings(void) {
  char text[64] = "";
  const char* sorted[COUNT];
  memcpy(sorted, words, sizeof words);
  qsort(sorted, COUNT, sizeof sorted[0], by_text);
  for (unsigned i = 0; i < COUNT; i++)
    strcat(strncat(text, sorted[i], 4), i + 1 < COUNT ? "-" : "");
  for (char* p = text; *p; p++)
    *p = (char)(*p == '-' ? '+' : toupper((unsigned char)*p));
  memmove(text + 2, text, strlen(text) + 1);
  printf("[%s] %d %s %s\n", text, (int)strlen(text), strchr(text, '+'), strstr(text, "DELT"));
  printf("%d %d %ld %lu %g\n", memcmp("abc", "abd", 3) < 0, strcspn("hello, world", ", ") == 5,
         strtol("-0x7fz", 0, 16), strtoul("777", 0, 8), strtod("-12.5e-3", 0));
}

static void memory(int rounds) {
  unsigned* blocks[8] = {0};
  unsigned sum = 0;
  for (int i = 0; i < rounds * 8; i++) {
    const int at = (i * 5) % 8;
    free(blocks[at]);
    blocks[at] = malloc((size_t)(16 + i % 40));
    memset(blocks[at], i, 16);
    blocks[(at + 3) % 8] = realloc(blocks[(at + 3) % 8], (size_t)(20 + i));
    blocks[(at + 3) % 8][4] = (unsigned)i;
    sum = sum * 3 + blocks[at][2];
  }
  for (int i = 0; i < 8; i++)
    free(blocks[i]);
  printf("%u\n", sum);
}

static jmp_buf back;
static void jump(int value) {
  longjmp(back, value);
}

void work(const char* who, int rounds) {
  static int values[] = {9, -4, 7, 0, 33, 2, 2, -90};
  const int count = sizeof values / sizeof values[0], key = 7;
  printf("%s: %d rounds\n", who, rounds);
  numbers(rounds);
  strings();
  memory(rounds);
  qsort(values, (size_t)count, sizeof values[0], by_value);
  printf("%d %d %d\n", values[0], values[count - 1],
         (int)((int*)bsearch(&key, values, (size_t)count, sizeof values[0], by_value) - values));
  volatile int jumped = setjmp(back);
  if (!jumped)
    jump(rounds + 1);
  printf("jumped with %d\n", jumped);
  mathematics(rounds);
}

#ifndef ROM
void more_work(void) {
  char text[80];
  int a = 0, b = 0;
  double c = 0;
  snprintf(text, sizeof text, "%08lx %+5d|%-6s|%5.2f", 0xbeefUL, 42, "left", atan2(1, 3) + fmod(7.5, 2));
  puts(text);
  if (sscanf("12 -7 0.125", "%d %d %lf", &a, &b, &c) == 3)
    printf("%d %d %g %g\n", a, b, c, tan(c) + floor(-2.5) + log10(1000));
}
#endif
