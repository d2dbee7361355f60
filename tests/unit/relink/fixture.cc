#include "fixture.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace romlink::relink {

Workshop::Workshop()
    : folder_(TemporaryDirectory::create(std::filesystem::temp_directory_path(), "relink-test").value()) {}

void Workshop::write(const std::string& name, const std::string& text) {
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  ASSERT_TRUE(writeFile(folder() / name, bytes).has_value());
}

std::string Workshop::run(const std::string& command, int code) {
  const std::string whole = "cd '" + folder().string() + "' && " + command + " > .printed 2>&1";
  const int status = std::system(whole.c_str());
  const auto printed = readFile(folder() / ".printed").value();
  const std::string text(asText(printed));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == code) << command << "\n" << text;
  return text;
}

std::vector<std::uint8_t> Workshop::assemble(const std::string& name, const std::string& text) {
  write(name + ".s", ".syntax unified\n.thumb\n" + text);
  run("llvm-mc-19 -triple=thumbv7m-none-eabi -mcpu=cortex-m3 --arm-add-build-attributes -filetype=obj '" +
      name + ".s' -o '" + name + ".o'");
  return read(name + ".o");
}

std::vector<std::uint8_t> Workshop::read(const std::string& name) const {
  return readFile(folder() / name).value();
}

Bytes contentOf(const ElfImage& elf, std::string_view section) {
  const Section* found = elf.findSection(section);
  EXPECT_NE(found, nullptr) << section;
  return found == nullptr ? Bytes() : found->data;
}

Address addressOf(const ElfImage& elf, std::string_view name) {
  const auto found = std::find_if(elf.symbols.begin(), elf.symbols.end(),
                                  [&](const Symbol& symbol) { return symbol.name == name; });
  EXPECT_NE(found, elf.symbols.end()) << name;
  return found == elf.symbols.end() ? 0 : found->address();
}

} // namespace romlink::relink
