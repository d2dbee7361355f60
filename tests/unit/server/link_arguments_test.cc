// What a link request may say to the linker.
#include "server/link_arguments.h"

#include "base/error.h"
#include "romlink/v1/link.pb.h"

#include <gmock/gmock.h>

namespace romlink::server {
namespace {

using testing::ElementsAre;

v1::LinkRequest request(const std::vector<std::pair<std::string, std::string>>& arguments) {
  v1::LinkRequest message;
  for (const auto& [text, path] : arguments) {
    auto& argument = *message.add_arguments();
    argument.set_text(text);
    if (!path.empty()) {
      argument.mutable_file()->set_path(path);
      argument.mutable_file()->set_digest("sha256:" + std::string(64, '0'));
    }
  }
  return message;
}

TEST(LinkArguments, PutsFilesInTheirPlace) {
  const auto arguments =
      linkerArguments(request({{"-T{}", "a.ld"}, {"{}", "m.o"}, {"-e", ""}, {"--defsym=x={}", ""}}));
  ASSERT_TRUE(arguments);
  EXPECT_THAT(*arguments, ElementsAre("-Ta.ld", "m.o", "-e", "--defsym=x={}"));
}

TEST(LinkArguments, RefusesOutputsProgramsAndFilesOfTheServer) {
  for (const char* text :
       {"-o", "-oout", "--output=x", "-Map=x", "--Map", "--reproduce=x", "--chroot=/", "@args", "-L/", "-lc",
        "--library=c", "--sysroot=/", "--error-handling-script=/bin/sh", "--load-pass-plugin=x",
        "--dependency-file=x", "--plugin-opt=x", "--out-implib=x", "-mllvm"}) {
    const auto arguments = linkerArguments(request({{text, ""}}));
    ASSERT_FALSE(arguments) << text;
    EXPECT_EQ(arguments.error().code, ErrorCode::Usage);
  }
}

TEST(LinkArguments, AFileIsNoOption) {
  EXPECT_FALSE(linkerArguments(request({{"{}", "-o"}})));
  EXPECT_FALSE(linkerArguments(request({{"{}", "@x"}})));
  EXPECT_FALSE(linkerArguments(request({{"-T", "a.ld"}}))); // no place for it
}

TEST(LinkArguments, OnePathOneFile) {
  auto message = request({{"{}", "a.o"}, {"{}", "a.o"}});
  EXPECT_EQ(inputsOf(message, 10)->size(), 1U);
  message.mutable_arguments(1)->mutable_file()->set_digest("sha256:" + std::string(64, '1'));
  EXPECT_FALSE(inputsOf(message, 10));
  EXPECT_FALSE(inputsOf(request({{"{}", "a.o"}, {"{}", "b.o"}}), 1));
}

} // namespace
} // namespace romlink::server
