// A publish that does not reach its end: nothing of it may be visible, and everything acknowledged must be
// whole.
//
// The disk is HookedVfs; each test stops or fails it at one operation, looks, and goes on with the next one.
// Kinds of crash: the process is killed (all it wrote survives); the power fails, and only what was synced
// survives; or the power fails, and of what was not synced some sectors survive and some do not, in any
// order.
//
// Every operation of the first publications, then samples. With ROMLINK_CRASH_POINTS=all in the environment
// it is every operation of many publications, and the counts are printed (scripts/crash-test).
#include "fixture.h"
#include "hooked_vfs.h"

#include <csignal>
#include <cstdlib>
#include <random>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kSector = 512;

bool isLongRun() {
  const char* points = std::getenv("ROMLINK_CRASH_POINTS");
  return points != nullptr && std::string_view(points) == "all";
}

// Every operation at first (creation, migration), then samples.
int nextPoint(int point) {
  return point < 24 || isLongRun() ? point + 1 : point + 1 + point / 4;
}

using Content = std::vector<std::uint8_t>;

Content contentIfThere(const fs::path& file) {
  return fs::exists(file) ? ok(readFile(file)) : Content();
}

// What a disk may hold after a power failure: of each sector the old or the new content, of the two lengths
// either.
Content torn(const Content& synced, const Content& written, std::mt19937& random) {
  Content result = random() % 2 == 0 ? synced : written;
  result.resize(std::max(synced.size(), written.size()));
  for (std::size_t at = 0; at < result.size(); at += kSector) {
    const Content& chosen = random() % 2 == 0 ? synced : written;
    for (std::size_t i = at; i < std::min(at + kSector, result.size()); ++i)
      result[i] = i < chosen.size() ? chosen[i] : 0;
  }
  if (random() % 2 == 0)
    result.resize(std::max(synced.size(), random() % (result.size() + 1)));
  return result;
}

class Crash : public StoreTest {
protected:
  Crash() {
    for (int i = 0; i < sets(); ++i)
      sources_.push_back({source("elf", noise(300'000, static_cast<unsigned>(i))),
                          source("map", noise(20'000, 100 + static_cast<unsigned>(i)))});
  }

  static int sets() { return isLongRun() ? 6 : 3; }

  // Publishes the sets in a child that kills itself before its disk operation number `point`; keeps a copy of
  // what was synced. Returns how many sets it acknowledged, -1 if it came to its end.
  int runUntil(int point) {
    fs::remove_all(directory());
    int acknowledgements[2];
    if (::pipe(acknowledgements) != 0)
      throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      publishAll(point, acknowledgements[1]);
      ::_exit(0);
    }
    ::close(acknowledgements[1]);
    int acknowledged = 0;
    for (char byte = 0; ::read(acknowledgements[0], &byte, 1) == 1;)
      ++acknowledged;
    ::close(acknowledgements[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      return -1;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
      throw std::runtime_error("the child failed by itself");
    return acknowledged;
  }

  void publishAll(int point, int acknowledge) {
    int operations = 0;
    const HookedVfs vfs([&](DiskOperation operation, const fs::path& file) {
      if (++operations == point)
        ::kill(::getpid(), SIGKILL);
      if (operation == DiskOperation::Sync)
        fs::copy_file(file, syncedCopy(file), fs::copy_options::overwrite_existing);
      return SQLITE_OK;
    });
    auto archive = Archive::open(directory());
    if (!archive)
      ::_exit(1);
    for (int i = 0; i < sets(); ++i) {
      const std::string version = versionOf(i);
      if (!archive->publish(romRecord("bl2", version, version), sources_[static_cast<std::size_t>(i)]))
        ::_exit(1);
      if (::write(acknowledge, "!", 1) != 1)
        ::_exit(1);
    }
  }

  // Of two digits, so that lists have them in this order.
  static std::string versionOf(int i) { return (i < 10 ? "0" : "") + std::to_string(i); }

  static fs::path syncedCopy(const fs::path& file) { return file.string() + ".synced"; }

  // The files as the disk may hold them: `choose` makes one of what was synced and what was written.
  template <typename Choose>
  void losePower(Choose choose) const {
    if (!fs::exists(directory()))
      return;
    fs::remove(database().string() + "-shm");
    for (const char* suffix : {"", "-wal"}) {
      const fs::path file = database().string() + suffix;
      if (!fs::exists(file))
        continue;
      ok(writeFile(file, choose(contentIfThere(syncedCopy(file)), contentIfThere(file))));
      fs::remove(syncedCopy(file));
    }
  }

  void expectWhole(int acknowledged, int point) const {
    SCOPED_TRACE("stopped at disk operation " + std::to_string(point));
    const Archive archive = open();
    EXPECT_THAT(ok(archive.verify({})), IsEmpty());
    const std::vector<RomRecord> roms = ok(archive.list("", 100, "")).roms;
    // One more than acknowledged: committed, but not yet said so.
    EXPECT_GE(roms.size(), static_cast<std::size_t>(acknowledged));
    EXPECT_LE(roms.size(), static_cast<std::size_t>(acknowledged) + 1);
    EXPECT_EQ(ok(archive.stats()).blobs, 2 * roms.size());
    for (std::size_t i = 0; i < roms.size(); ++i) {
      EXPECT_EQ(roms[i].version, versionOf(static_cast<int>(i)));
      const auto number = static_cast<unsigned>(i);
      EXPECT_TRUE(contentOf(archive, roms[i].artifacts.at(0).digest) == noise(300'000, number));
      EXPECT_TRUE(contentOf(archive, roms[i].artifacts.at(1).digest) == noise(20'000, 100 + number));
    }
  }

  // Ends the publications at one point after the other; `after` is what that does to the disk. The numbers of
  // acknowledged sets that there were.
  template <typename After>
  std::set<int> crashEverywhere(const char* how, After after) {
    int crashes = 0;
    std::set<int> counts;
    for (int point = 1;; point = nextPoint(point)) {
      const int acknowledged = runUntil(point);
      if (acknowledged < 0)
        break;
      ++crashes;
      counts.insert(acknowledged);
      after();
      expectWhole(acknowledged, point);
    }
    EXPECT_GT(crashes, isLongRun() ? 1000 : 30);
    if (isLongRun())
      std::printf(
          "%d crashes (%s) in %d publications: every acknowledged set is whole, no other is visible\n",
          crashes, how, sets());
    return counts;
  }

  std::vector<std::vector<ArtifactSource>> sources_;
};

TEST_F(Crash, killedProcessLeavesWholeSetsOnly) {
  const std::set<int> counts = crashEverywhere("killed", [] {});
  EXPECT_GE(counts.size(), 3U) << "no kill between the publications";
}

TEST_F(Crash, lostPowerLosesNothingAcknowledged) {
  crashEverywhere("without power",
                  [&] { losePower([](const Content& synced, const Content&) { return synced; }); });
}

TEST_F(Crash, aDiskThatKeptSomeSectorsLosesNothingAcknowledged) {
  std::mt19937 random(20350131); // NOLINT(cert-msc51-cpp): the same disks every time
  crashEverywhere("without power, sectors torn", [&] {
    losePower([&](const Content& synced, const Content& written) { return torn(synced, written, random); });
  });
}

class FailingDisk : public Crash {
protected:
  // Publishes a set again and again, with disk operation number 1, 2, ... of the publication failing.
  void failEach(DiskOperation which, int sqliteCode, ErrorCode expected) {
    HookedVfs vfs({});
    Archive archive = open();
    ok(archive.publish(romRecord("bl2", "0", "0"), sources_[0]));
    int failures = 0;
    for (int point = 1;; point = nextPoint(point)) {
      SCOPED_TRACE(point);
      int operations = 0;
      vfs.setHook([&](DiskOperation operation, const fs::path&) {
        return operation == which && ++operations == point ? sqliteCode : SQLITE_OK;
      });
      const auto published = archive.publish(romRecord("bl2", "1", "1"), sources_[1]);
      vfs.setHook({});
      if (published)
        break;
      ++failures;
      EXPECT_EQ(published.error().code, expected);
      EXPECT_THAT(published.error().hint, HasSubstr("space"));
      EXPECT_EQ(ok(archive.stats()).roms, 1U);
      EXPECT_EQ(ok(archive.stats()).blobs, 2U);
    }
    EXPECT_GT(failures, which == DiskOperation::Sync ? 0 : 10);
    EXPECT_EQ(ok(archive.stats()).roms, 2U);
    EXPECT_THAT(ok(archive.verify({})), IsEmpty());
  }
};

TEST_F(FailingDisk, fullDiskLeavesNothing) {
  failEach(DiskOperation::Write, SQLITE_FULL, ErrorCode::Exhausted);
}
TEST_F(FailingDisk, failedWriteLeavesNothing) {
  failEach(DiskOperation::Write, SQLITE_IOERR_WRITE, ErrorCode::Internal);
}
TEST_F(FailingDisk, failedSyncIsNotAcknowledged) {
  failEach(DiskOperation::Sync, SQLITE_IOERR_FSYNC, ErrorCode::Internal);
}

TEST_F(Crash, aSourceThatChangesWhileItIsReadIsRefused) {
  // Large enough that SQLite writes while the first artifact goes in, before the second is read again.
  const ArtifactSource first = source("a", noise(4'000'000, 1));
  const auto grow = [](const fs::path& f) { ok(writeFile(f, asBytes(noise(50'001, 2)))); };
  const auto shrink = [](const fs::path& f) { fs::resize_file(f, 49'999); };
  const auto alter = [](const fs::path& f) { ok(writeFile(f, asBytes(noise(50'000, 3)))); };
  for (const std::function<void(const fs::path&)>& change :
       {std::function<void(const fs::path&)>(grow), {shrink}, {alter}}) {
    const ArtifactSource second = source("b", noise(50'000, 2));
    HookedVfs vfs({});
    Archive archive = open();
    bool changed = false;
    vfs.setHook([&](DiskOperation, const fs::path&) {
      if (!changed)
        change(second.file);
      changed = true;
      return SQLITE_OK;
    });
    const auto published = archive.publish(romRecord("bl2", "1", "1"), {first, second});
    vfs.setHook({});
    ASSERT_TRUE(changed);
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, ErrorCode::Malformed);
    EXPECT_EQ(published.error().where, second.file.string());
    EXPECT_THAT(published.error().why, HasSubstr("changed"));
    EXPECT_EQ(ok(archive.stats()).blobs, 0U);
  }
}

} // namespace
} // namespace romlink::store
