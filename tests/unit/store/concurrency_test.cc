// Several threads, several processes: readers do not wait for a publication, writers take turns.
#include "fixture.h"
#include "hooked_vfs.h"

#include <future>
#include <sqlite3.h>
#include <thread>

namespace romlink::store {
namespace {

using testing::IsEmpty;

class Concurrency : public StoreTest {};

TEST_F(Concurrency, readersGoOnDuringAPublicationAndDoNotSeeIt) {
  HookedVfs vfs({});
  Archive archive = open();
  const std::string elf = noise(600'000, 1);
  ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", elf)}));
  // In the middle of the second publication, its thread waits here until another thread has read everything.
  // Would the reader wait for the writer, neither would ever go on.
  bool read = false;
  vfs.setHook([&](DiskOperation, const std::filesystem::path&) {
    if (!std::exchange(read, true)) {
      auto reader = std::async(std::launch::async, [&] {
        EXPECT_EQ(contentOf(archive, sha256Of(elf)), elf);
        EXPECT_EQ(ok(archive.list("", 10, "")).roms.size(), 1U);
        EXPECT_FALSE(archive.find("bl2@2"));
        EXPECT_EQ(ok(archive.imagesAfter(0, 10, 1)).size(), 1U);
        EXPECT_THAT(ok(archive.verify({})), IsEmpty());
      });
      EXPECT_EQ(reader.wait_for(std::chrono::minutes(1)), std::future_status::ready);
      reader.get();
    }
    return SQLITE_OK;
  });
  ok(archive.publish(romRecord("bl2", "2", "b"), {source("elf", noise(4'000'000, 2))}));
  vfs.setHook({});
  EXPECT_TRUE(read);
  EXPECT_EQ(ok(archive.list("", 10, "")).roms.size(), 2U);
}

TEST_F(Concurrency, writersOfTwoArchivesAndReadersTogether) {
  constexpr int kPublications = 12;
  Archive one = open();
  Archive two = open(); // as another process would
  std::vector<std::vector<ArtifactSource>> sources;
  for (int i = 0; i < kPublications; ++i)
    sources.push_back({source("elf", noise(100'000, static_cast<unsigned>(i % 5)))});
  std::atomic<bool> done = false;
  std::vector<std::string> errors(6);
  const auto publish = [&](Archive& archive, std::string& error) {
    for (int i = 0; i < kPublications; ++i) { // all the same: one wins, the others find it published
      const std::string version = std::to_string(i);
      if (const auto r =
              archive.publish(romRecord("bl2", version, version), sources[static_cast<std::size_t>(i)]);
          !r)
        error = r.error().line();
    }
  };
  const auto read = [&](const Archive& archive, std::string& error) {
    while (!done)
      for (const RomRecord& rom : ok(archive.list("", 100, "")).roms)
        if (const auto r = archive.read(rom.artifacts.at(0).digest, [](Bytes) -> Result<void> { return {}; });
            !r)
          error = r.error().line();
  };
  std::thread r1([&] { read(one, errors[0]); });
  std::thread r2([&] { read(two, errors[1]); });
  std::thread w1([&] { publish(one, errors[2]); });
  std::thread w2([&] { publish(one, errors[3]); });
  std::thread w3([&] { publish(two, errors[4]); });
  std::thread w4([&] { publish(two, errors[5]); });
  for (std::thread* writer : {&w1, &w2, &w3, &w4})
    writer->join();
  done = true;
  r1.join();
  r2.join();
  EXPECT_THAT(errors, testing::Each(IsEmpty()));
  const Stats stats = ok(one.stats());
  EXPECT_EQ(stats.roms, static_cast<std::uint64_t>(kPublications));
  EXPECT_EQ(stats.blobs, 5U);
  EXPECT_THAT(ok(two.verify({})), IsEmpty());
}

} // namespace
} // namespace romlink::store
