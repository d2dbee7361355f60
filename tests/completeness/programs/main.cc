// Uses of the C++ library; the firmware (without ROM) does a little more. Linked, never run.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "shared.h"

extern "C" void start();
extern "C" void* __dso_handle;
void* __dso_handle;
__attribute__((section(".vectors"), used)) static void (*const vectors[])() = {nullptr, start};

struct Shape {
  virtual ~Shape() = default;
  virtual int area() const { return 0; }
};
struct Square : Shape {
  explicit Square(int s) : side(s) {}
  int area() const override { return side * side; }
  int side;
};
struct Box : Square {
  using Square::Square;
  int area() const override { return 6 * Square::area(); }
};

volatile int result;

void start() {
  std::map<std::string, int> counts;
  std::vector<int> numbers;
  for (int i = 0; i < 10; i++) {
    numbers.push_back(i * i % 7);
    counts[std::to_string(i)] += i;
  }
  std::sort(numbers.begin(), numbers.end());
  char text[20];
  shared_work(text, numbers.data(), numbers.size());
  const Shape* shapes[] = {new Square(result), new Box(result)};
  for (const Shape* shape : shapes)
    result += shape->area();
#ifndef ROM
  std::vector<std::string> words(counts.size(), text);
  std::stable_sort(words.begin(), words.end());
  result += static_cast<int>(words.front().find("x"));
#endif
  for (;;) {
  }
}
