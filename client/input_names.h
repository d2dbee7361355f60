// The names that the linker sees for the user's files, and the way back for messages.
//
// A job's inputs live in a folder of their own, so names have to be relative and must not leave it. They stay
// as close to what was typed as that allows, because linker scripts match on them (`*libc.a:`,
// `build/boot/*.o`):
//
//   main.o, ./main.o, src/../main.o   main.o
//   ../common/a.o                     _up/common/a.o
//   /usr/lib/libc.a                   _root/usr/lib/libc.a
//   _root/x.o (really typed)          __root/x.o
//
// A pattern that begins with "/" or "../" does not match any more.
#pragma once

#include <google/protobuf/message.h>
#include <map>
#include <string>
#include <string_view>

namespace romlink::client {

/// The name for a file that was typed as `typed`.
[[nodiscard]] std::string linkerName(std::string_view typed);

/// The names given so far.
class InputNames {
public:
  void add(const std::string& linkerName, const std::string& typed);

  /// `text` with each of the linker's names replaced by what was typed.
  [[nodiscard]] std::string toUser(std::string_view text) const;
  /// The same for all strings of a message.
  void toUser(google::protobuf::Message& message) const;

private:
  // Longest first, so that no name is replaced inside a longer one. Only names that differ.
  struct LongerFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };
  std::map<std::string, std::string, LongerFirst> typed_;
};

} // namespace romlink::client
