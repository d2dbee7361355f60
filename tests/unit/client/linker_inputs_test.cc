// Finding the files of a link on disk.
#include "client/linker_inputs.h"

#include "base/file.h"

#include <gmock/gmock.h>

namespace romlink::client {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LinkerInputs : public testing::Test {
protected:
  LinkerInputs()
      : folder_(*TemporaryDirectory::create(fs::temp_directory_path(), "inputs")),
        before_(fs::current_path()) {
    fs::current_path(folder_.path());
  }
  ~LinkerInputs() override { fs::current_path(before_); }

  static void make(const std::string& name, const std::string& content) {
    fs::create_directories(fs::absolute(name).parent_path());
    ASSERT_TRUE(writeFile(name, asBytes(content)));
  }
  static Result<PreparedInputs> prepare(const std::vector<std::string>& arguments) {
    ROMLINK_ASSIGN(const LinkerArguments parsed, parseLinkerArguments(arguments));
    return prepareInputs(parsed);
  }
  static std::vector<std::string> paths(const PreparedInputs& prepared) {
    std::vector<std::string> all;
    for (const LinkInput& input : prepared.inputs)
      all.push_back(input.path);
    return all;
  }

private:
  TemporaryDirectory folder_;
  fs::path before_;
};

TEST_F(LinkerInputs, SearchesLibrariesInAllFolders) {
  make("a.o", "\177ELF");
  make("one/libx.a", "!<arch>\n1");
  make("two/libx.a", "!<arch>\n2");
  make("two/liby.so", "\177ELF");
  make("two/liby.a", "!<arch>\n");
  const auto prepared = prepare({"a.o", "-lx", "-l:libx.a", "-ly", "-Bstatic", "-ly", "-L", "one", "-Ltwo"});
  ASSERT_TRUE(prepared) << prepared.error().line();
  EXPECT_THAT(paths(*prepared), testing::ElementsAre("a.o", "one/libx.a", "two/liby.so", "two/liby.a"));
}

TEST_F(LinkerInputs, SendsWhatScriptsName) {
  make("a.o", "\177ELF");
  make("ld/flash.ld", "INCLUDE common.ld\nINPUT(start.o -lx)\n");
  make("ld/common.ld", "ENTRY(main)\n");
  make("ld/start.o", "\177ELF");
  make("lib/libx.a", "!<arch>\n");
  const auto prepared = prepare({"-T", "ld/flash.ld", "a.o", "-Llib"});
  ASSERT_TRUE(prepared) << prepared.error().line();
  EXPECT_THAT(paths(*prepared),
              testing::ElementsAre("ld/flash.ld", "ld/common.ld", "ld/start.o", "lib/libx.a", "a.o"));
  EXPECT_EQ(prepared->inputs[0].content, "INCLUDE ld/common.ld\nINPUT(ld/start.o lib/libx.a)\n");
  EXPECT_EQ(prepared->inputs[0].digest, sha256Of(*prepared->inputs[0].content));
}

TEST_F(LinkerInputs, NamesWhatIsMissing) {
  const auto missing = prepare({"nowhere.o"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::Malformed);
  EXPECT_EQ(missing.error().where, "nowhere.o");
  const auto library = prepare({"-lnone", "-L."});
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().where, "-lnone");
}

TEST_F(LinkerInputs, RefusesThinArchives) {
  make("libthin.a", "!<thin>\n");
  const auto prepared = prepare({"libthin.a"});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, ErrorCode::Malformed);
  EXPECT_THAT(prepared.error().hint, HasSubstr("--thin"));
}

TEST_F(LinkerInputs, BinaryInputsAreNotScripts) {
  make("blob.txt", "INCLUDE nowhere.ld");
  EXPECT_TRUE(prepare({"--format=binary", "blob.txt"}));
  EXPECT_TRUE(prepare({"-b", "binary", "blob.txt"}));
  EXPECT_FALSE(prepare({"--format=binary", "--format=default", "blob.txt"}));
}

TEST_F(LinkerInputs, ScriptsThatIncludeEachOtherEnd) {
  make("a.ld", "INCLUDE b.ld");
  make("b.ld", "INCLUDE a.ld");
  const auto prepared = prepare({"-Ta.ld"});
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->inputs.size(), 2U);
}

TEST_F(LinkerInputs, AbsoluteNamesInScriptsAreReplaced) {
  make("start.o", "\177ELF");
  const std::string absolute = fs::absolute("start.o").string();
  make("flash.ld", "INPUT(" + absolute + ")");
  const auto prepared = prepare({"-Tflash.ld"});
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->inputs[0].content, "INPUT(_root" + absolute + ")");
  EXPECT_EQ(prepared->names.toUser("_root" + absolute + ": bad"), absolute + ": bad");
}

} // namespace
} // namespace romlink::client
