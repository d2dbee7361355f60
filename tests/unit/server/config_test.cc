// The daemon's configuration file.
#include "server/config.h"

#include "base/file.h"

#include <gmock/gmock.h>

namespace romlink::server {
namespace {

Result<Config> read(const std::string& text) {
  ROMLINK_ASSIGN(const auto folder,
                 TemporaryDirectory::create(std::filesystem::temp_directory_path(), "config"));
  const auto file = folder.path() / "romlinkd.toml";
  ROMLINK_TRY(writeFile(file, asBytes(text)));
  return readConfig(file);
}

TEST(Config, SetsLimits) {
  const auto config = read("[workers]\njobs = 3\ntime_limit_seconds = 7\n[cache]\ninputs_limit_mib = 2\n"
                           "[http]\nconnections_limit = 5\nheader_limit_kib = 2\nstall_seconds = 9\n");
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_EQ(config->jobs, 3U);
  EXPECT_EQ(config->job.time, std::chrono::seconds(7));
  EXPECT_EQ(config->inputCacheBytes, 2 * kMiB);
  EXPECT_EQ(config->http.connections, 5U);
  EXPECT_EQ(config->http.headerBytes, 2048U);
  EXPECT_EQ(config->http.stall, std::chrono::seconds(9));
  EXPECT_EQ(config->http.idle, HttpLimits().idle);
  EXPECT_EQ(config->fileBytes, Config().fileBytes);
}

TEST(Config, NamesTheSigningKey) {
  const auto config = read("[archive]\nsigning_key = \"/etc/romlink/key.pem\"\n");
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_EQ(config->signingKey, "/etc/romlink/key.pem");
}

TEST(Config, RequiresRolesThatAreRoles) {
  const auto config = read("[publish]\nrequired_roles = [\"map\", \"config.mbedtls\"]\n");
  ASSERT_TRUE(config) << config.error().line();
  EXPECT_THAT(config->requiredRoles, testing::ElementsAre("map", "config.mbedtls"));
  for (const char* role : {"Bad Role", "Map", ".map", "ma/p"}) {
    const auto bad = read("[publish]\nrequired_roles = [\"map\", \"" + std::string(role) + "\"]\n");
    ASSERT_FALSE(bad) << role;
    EXPECT_THAT(bad.error().where, testing::EndsWith(":2"));
    EXPECT_THAT(bad.error().why, testing::HasSubstr("'" + std::string(role) + "' in 'required_roles'"));
  }
}

TEST(Config, NamesTheLineOfWhatItDoesNotKnow) {
  for (const char* text :
       {"[workers]\njob = 3\n", "\nworker = 1\n", "[workers]\njobs = -1\n", "[workers]\njobs = \"3\"\n",
        "[workers]\njobs = \n", "[archive]\nsigning_key = 3\n", "[archive]\nsigning_key = \"\"\n"}) {
    const auto config = read(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::Usage);
    EXPECT_THAT(config.error().where, testing::EndsWith(":2")) << text;
  }
}

} // namespace
} // namespace romlink::server
