// GNU ld style arguments: what is an input, what is an option's value.
#include "client/linker_arguments.h"

#include <gmock/gmock.h>

namespace romlink::client {
namespace {

using Kind = LinkerItem::Kind;
using testing::ElementsAre;

// "input main.o", "text --gc-sections", "script -T{} flash.ld": one word a thing, easy to compare.
std::vector<std::string> items(const std::vector<std::string>& arguments) {
  const auto parsed = parseLinkerArguments(arguments);
  if (!parsed)
    return {"error " + parsed.error().line()};
  std::vector<std::string> words;
  for (const LinkerItem& item : parsed->items) {
    switch (item.kind) {
    case Kind::Text:
      words.push_back("text " + item.text);
      break;
    case Kind::Input:
      words.push_back("input " + item.name);
      break;
    case Kind::File:
      words.push_back("file " + item.text + " " + item.name);
      break;
    case Kind::Script:
      words.push_back("script " + item.text + " " + item.name);
      break;
    case Kind::Library:
      words.push_back((item.isStatic ? "static library " : "library ") + item.name);
      break;
    }
  }
  return words;
}

TEST(LinkerArguments, ReadsATypicalCommandLine) {
  const auto parsed = parseLinkerArguments({"-T", "flash.ld", "main.o", "-L", "lib", "-lcrypto",
                                            "-Map=out.map", "-o", "out.elf", "--gc-sections"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->output, "out.elf");
  EXPECT_EQ(parsed->map, "out.map");
  EXPECT_THAT(parsed->searchDirs, ElementsAre("lib"));
  EXPECT_TRUE(parsed->hasInputs());
  EXPECT_THAT(items({"-T", "flash.ld", "main.o", "-L", "lib", "-lcrypto", "-o", "x", "--gc-sections"}),
              ElementsAre("script -T{} flash.ld", "input main.o", "library crypto", "text --gc-sections"));
}

TEST(LinkerArguments, TellsValuesFromInputs) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases = {
      {{"-e", "main", "a.o"}, {"text -e", "text main", "input a.o"}},
      {{"-emain", "a.o"}, {"text -emain", "input a.o"}},
      {{"--entry=main"}, {"text --entry=main"}},
      {{"-entry", "main"}, {"text -entry", "text main"}},
      {{"-u", "f", "-z", "muldefs", "-m", "armelf"},
       {"text -u", "text f", "text -z", "text muldefs", "text -m", "text armelf"}},
      {{"--defsym", "x=1", "--defsym=y=2"}, {"text --defsym", "text x=1", "text --defsym=y=2"}},
      {{"-Ttext", "0x0", "-Ttext=0", "-Tdata=4"},
       {"text -Ttext", "text 0x0", "text -Ttext=0", "text -Tdata=4"}},
      {{"-Tflash.ld"}, {"script -T{} flash.ld"}},
      {{"--script=flash.ld", "--script", "b.ld"}, {"script --script={} flash.ld", "script --script={} b.ld"}},
      {{"--version-script=v", "--dynamic-list", "d"},
       {"file --version-script={} v", "file --dynamic-list={} d"}},
      {{"--just-symbols=s.elf", "--in-implib=i.o", "--symbol-ordering-file", "o.txt"},
       {"file --just-symbols={} s.elf", "file --in-implib={} i.o", "file --symbol-ordering-file={} o.txt"}},
      {{"--wrap", "malloc", "--wrap=free"}, {"text --wrap", "text malloc", "text --wrap=free"}},
      {{"-y", "sym", "-ysym"}, {"text -y", "text sym", "text -ysym"}},
      {{"--start-group", "a.a", "--end-group", "-(", "b.a", "-)"},
       {"text --start-group", "input a.a", "text --end-group", "text -(", "input b.a", "text -)"}},
      {{"--build-id", "a.o", "--build-id=sha1"}, {"text --build-id", "input a.o", "text --build-id=sha1"}},
      {{"-EL", "-s", "-S", "-x", "-nostdlib", "a.o"},
       {"text -EL", "text -s", "text -S", "text -x", "input a.o"}},
      {{"-plugin", "lto.so", "-plugin-opt=-pass-through=-lc", "a.o"}, {"input a.o"}},
      {{"-rpath", "/lib", "--rpath-link=x", "a.o"}, {"input a.o"}},
      {{"--unknown-flag", "a.o"}, {"text --unknown-flag", "input a.o"}},
      {{"-"}, {"input -"}},
  };
  for (const auto& [arguments, expected] : cases)
    EXPECT_EQ(items(arguments), expected) << testing::PrintToString(arguments);
}

TEST(LinkerArguments, LongOptionsThatBeginWithOHaveTwoDashes) {
  EXPECT_EQ(parseLinkerArguments({"-output.elf"})->output, "utput.elf"); // as GNU ld: -o utput.elf
  EXPECT_EQ(parseLinkerArguments({"--output", "x.elf"})->output, "x.elf");
  EXPECT_EQ(parseLinkerArguments({"--output=x.elf"})->output, "x.elf");
  EXPECT_EQ(parseLinkerArguments({"-ox.elf"})->output, "x.elf");
  EXPECT_EQ(parseLinkerArguments({"a.o"})->output, "a.out");
}

TEST(LinkerArguments, FindsLibrariesStaticallyWhereTold) {
  EXPECT_THAT(
      items({"-la", "-Bstatic", "-lb", "--push-state", "-Bdynamic", "-lc", "--pop-state", "-l", ":libd.a"}),
      ElementsAre("library a", "text -Bstatic", "static library b", "text --push-state", "text -Bdynamic",
                  "library c", "text --pop-state", "static library :libd.a"));
}

TEST(LinkerArguments, KnowsTheOutputs) {
  const auto parsed =
      parseLinkerArguments({"-M", "-Map", "m.map", "--dependency-file=d", "--sysroot=/s", "a.o"});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->printMap);
  EXPECT_EQ(parsed->map, "m.map");
  EXPECT_EQ(parsed->dependencyFile, "d");
  EXPECT_EQ(parsed->sysroot, "/s");
  EXPECT_EQ(parsed->items.size(), 1U);
}

TEST(LinkerArguments, VersionProbesNeedNoInputs) {
  EXPECT_TRUE(parseLinkerArguments({"--version"})->nothingElse);
  EXPECT_TRUE(parseLinkerArguments({"-v"})->version);
  EXPECT_FALSE(parseLinkerArguments({"-v", "a.o"})->nothingElse);
  EXPECT_TRUE(parseLinkerArguments({"--help"})->help);
}

TEST(LinkerArguments, RefusesWithARemedy) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-R", "rom.elf"},
                                                    {"-Rrom.elf"},
                                                    {"--out-implib=veneers.o"},
                                                    {"--reproduce=x.tar"},
                                                    {"--error-handling-script=/bin/sh"},
                                                    {"-mllvm", "-load=x.so"}}) {
    const auto parsed = parseLinkerArguments(arguments);
    ASSERT_FALSE(parsed) << arguments[0];
    EXPECT_EQ(parsed.error().code, ErrorCode::Usage);
    EXPECT_EQ(parsed.error().where, arguments[0]);
    EXPECT_FALSE(parsed.error().hint.empty());
  }
}

TEST(LinkerArguments, MissesAValueAtTheEnd) {
  EXPECT_THAT(items({"a.o", "-o"}), ElementsAre("error linker option lacks its value: -o"));
}

} // namespace
} // namespace romlink::client
