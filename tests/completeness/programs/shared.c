/* Tables of pointers, strings, switches, 64-bit and floating-point arithmetic, calls in a circle. MODULUS
   configures it; NOT_FIXED is an older version. */
#include <string.h>

#include "shared.h"

#ifndef MODULUS
#define MODULUS 97
#endif
#ifdef NOT_FIXED
#define FACTOR 4
#else
#define FACTOR 3
#endif

static const char* const names[] = {"zero", "one", "two", "three"};
static const unsigned char primes[] = {2, 3, 5, 7, 11, 13, 17};

__attribute__((noinline)) static int odd(unsigned n);
__attribute__((noinline)) static int even(unsigned n) {
  return n ? odd(n - 1) + primes[n % sizeof primes] : 1;
}
__attribute__((noinline)) static int odd(unsigned n) {
  return n ? even(n - 1) * FACTOR : 0;
}

__attribute__((noinline)) static int add(int a, int b) {
  return a + b;
}
__attribute__((noinline)) static int scale(int a, int b) {
  return (int)((long long)a * b / 1000 % MODULUS);
}
__attribute__((noinline)) static int blend(int a, int b) {
  return (int)(a * 0.3 + b * 0.7);
}
static int (*const operations[])(int, int) = {add, scale, blend};

__attribute__((noinline)) static const char* kind(unsigned n) {
  switch (n) {
  case 0:
    return "nothing";
  case 1:
    return "a unit";
  case 2:
    return "a pair";
  case 3:
    return "a triple";
  case 7:
    return "a week";
  case 12:
    return "a dozen";
  default:
    return names[n % 4];
  }
}

#ifndef PLAIN
/* A number that differs between the images and one that does not (image.ld). */
extern const char image_number[], common_number[];
__attribute__((noinline)) static unsigned other(void) {
  return (unsigned)image_number;
}
__attribute__((noinline)) static unsigned common(void) {
  return (unsigned)common_number + 5;
}

/* Never shared, but equal in the ROM: who calls it may be shared, who takes its address may not. */
__attribute__((noinline, section(".text.romlink_own"))) static int own(int n) {
  return n * 7 + 3;
}
__attribute__((noinline)) static int calls_own(int n) {
  return own(n) + 1;
}
__attribute__((noinline)) static int (*takes_own(int n))(int) {
  return n ? own : 0;
}
#endif

void shared_work(char* text, int* numbers, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    numbers[i] = operations[i % 3](even(i), (int)i);
    strcpy(text, kind(i));
#ifndef PLAIN
    numbers[i] += (int)(other() ^ common()) + calls_own((int)i) + takes_own((int)i)((int)count);
#endif
  }
}
