// The C++ library at work: containers, strings, algorithms, virtual calls, run-time types, exceptions that
// are thrown and caught across functions that may be in the ROM.
#include "work.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual int area() const = 0;
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

struct Failure : std::runtime_error {
  Failure(int c, const char* text) : std::runtime_error(text), code(c) {}
  int code;
};

// Counts the destructors that unwinding calls.
struct Guard {
  explicit Guard(int& c) : count(c) {}
  ~Guard() { count++; }
  int& count;
};

__attribute__((noinline)) int checked(int value, int limit) {
  if (value > limit)
    throw Failure(value, "above the limit");
  return value * 2;
}

__attribute__((noinline)) int descend(int depth, int& unwound) {
  const Guard guard(unwound);
  return depth == 0 ? checked(50, 20) : descend(depth - 1, unwound) + 1;
}

void exceptions() {
  int unwound = 0;
  try {
    std::printf("%d\n", descend(5, unwound));
  } catch (const Failure& failure) {
    std::printf("caught %d, %s, %d unwound\n", failure.code, failure.what(), unwound);
  }
  try {
    try {
      const std::vector<int> three{1, 2, 3};
      std::printf("%d\n", three.at(7));
    } catch (const std::exception&) {
      throw;
    }
  } catch (const std::out_of_range&) {
    std::printf("out of range\n");
  }
  try {
    std::string("short").substr(9);
  } catch (...) {
    std::printf("something\n");
  }
  try {
    std::vector<int> sorted{3, 1, 2};
    std::sort(sorted.begin(), sorted.end(), [](int a, int b) { return checked(a, 0) < b; });
  } catch (int) {
    std::printf("an int\n");
  } catch (const std::runtime_error& error) {
    std::printf("while sorting: %s\n", error.what());
  }
}

void containers(int rounds) {
  std::map<std::string, int> counts;
  std::vector<std::string> words;
  for (int i = 0; i < rounds * 4; i++) {
    counts["key" + std::to_string(i * 7 % 11)] += i;
    words.push_back(std::string(static_cast<std::size_t>(i % 5 + 1), static_cast<char>('a' + i % 26)));
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (const auto& [key, count] : counts)
    std::printf("%s=%d ", key.c_str(), count);
  std::printf("%d words, last %s\n", static_cast<int>(words.size()), words.back().c_str());
}

} // namespace

void work(const char* who, int rounds) {
  std::printf("%s: %d rounds\n", who, rounds);
  containers(rounds);
  std::vector<std::unique_ptr<Shape>> shapes;
  shapes.push_back(std::make_unique<Square>(rounds));
  shapes.push_back(std::make_unique<Box>(rounds + 1));
  for (const auto& shape : shapes)
    std::printf("%d %d\n", shape->area(), dynamic_cast<const Box*>(shape.get()) != nullptr);
  exceptions();
}

#ifndef ROM
void more_work() {
  std::vector<std::string> words{"pear", "apple", "fig"};
  std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  std::string all;
  for (const std::string& word : words)
    all += word + (word.find("pp") == std::string::npos ? "." : "!");
  try {
    throw std::invalid_argument(all);
  } catch (const std::logic_error& error) {
    std::printf("%s %d\n", error.what(), std::strcmp(error.what(), "fig.pear.apple!"));
  }
}
#endif
