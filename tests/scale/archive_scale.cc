// Fills an archive with generated ROM sets (generated_roms.h), through the same publish() as the daemon, and
// times at each size what people and programs ask of it.
//
//   archive_scale --folder DIR --sizes 1000,10000,100000 [--rounds N]
//
// Medians of `rounds`, each with another ROM; below, each figure divided by that of the size before. Each
// answer is checked: a wrong one ends the program with 1. The folder is removed first and left behind; on a
// RAM disk the figures are those of the program, on a disk publishing waits for it.
#include "generated_roms.h"
#include "server/catalogue.h"
#include "server/identify.h"
#include "server/near_match.h"
#include "server/sketch.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace romlink::scale {
namespace {

namespace fs = std::filesystem;
using server::Catalogue;
using store::Archive;

struct Options {
  fs::path folder;
  std::vector<unsigned> sizes;
  unsigned rounds = 21;
};

[[noreturn]] void give(const std::string& why) {
  std::fprintf(stderr, "archive_scale: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T ok(Result<T> result) {
  if (!result)
    give(result.error().line());
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

void expect(bool holds, const char* what) {
  if (!holds)
    give(std::string("wrong answer: ") + what);
}

const auto kGoing = [] { return false; };

class Bench {
public:
  explicit Bench(const Options& options)
      : options_(options), archive_(ok(Archive::open(options.folder / "archive"))),
        files_(options.folder / "set") {
    fs::create_directories(files_);
  }

  void run() {
    for (const unsigned size : options_.sizes) {
      fillTo(size);
      measure();
    }
    print();
  }

private:
  struct Line {
    std::string what;
    const char* unit;
    std::vector<double> values; ///< one for each size
  };

  double publishNext() {
    const GeneratedRom made = roms_.next();
    const auto sources = ok(GeneratedRoms::write(made, files_));
    const auto begin = std::chrono::steady_clock::now();
    const auto sketch = ok(server::sketchOfFile(files_ / "image", made.rom));
    expect(!ok(archive_.publish(made.rom, sources, {}, sketch)).alreadyPublished,
           "a set that was there before");
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    ++published_;
    return took.count();
  }

  void fillTo(unsigned size) {
    while (published_ < size) {
      publishNext();
      if (published_ % 100 == 0)
        std::fprintf(stderr, "\r%u of %u sets", published_, size);
    }
    std::fprintf(stderr, "\r\x1b[K");
  }

  template <typename Work>
  double median(Work&& work) {
    std::vector<double> times;
    for (unsigned i = 0; i < options_.rounds; ++i)
      times.push_back(work(1 + (published_ - 1) / options_.rounds * i));
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                     times.end());
    return times[times.size() / 2];
  }

  template <typename Work>
  static double timed(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    return took.count();
  }

  void add(const std::string& what, const char* unit, double value) {
    for (Line& line : lines_)
      if (line.what == what) {
        line.values.push_back(value);
        return;
      }
    lines_.push_back({what, unit, {value}});
  }

  // ROM `number` (1 is the first), and its image in 256 KiB of flash at `offset`.
  store::RomRecord romAt(unsigned number) {
    const auto images = ok(archive_.imagesAfter(number - 1, 1, server::kSketchFormat));
    return ok(archive_.find(images.at(0).imageHash.text()));
  }
  std::vector<std::uint8_t> dumpOf(const store::RomRecord& rom, std::size_t offset) {
    std::vector<std::uint8_t> dump(offset, 0xFF);
    for (const store::Artifact& artifact : rom.artifacts)
      if (artifact.role == "image")
        ok(archive_.read(artifact.digest, [&](Bytes piece) -> Result<void> {
          dump.insert(dump.end(), piece.begin(), piece.end());
          return {};
        }));
    dump.resize(std::max<std::size_t>(dump.size(), 256 << 10), 0xFF);
    return dump;
  }

  double identify(unsigned number, std::size_t offset, unsigned damage) {
    const store::RomRecord rom = romAt(number);
    auto dump = dumpOf(rom, offset);
    for (unsigned i = 0; i < damage; ++i)
      dump[offset + 1000 + i * (rom.imageSize - 1000) / damage] ^= 0x55;
    server::Search found;
    std::vector<server::NearMatch> near;
    const double took = timed([&] {
      ok(catalogue_.refresh(kGoing));
      const auto view = catalogue_.find(dump, kGoing);
      found = server::findImages(dump, {}, view.candidates, view.withoutAnchors, kGoing);
      near = server::nearMatches(dump, found.possible, {},
                                 {[&](const auto& image) { return catalogue_.blocksOf(image); },
                                  [&](const auto& image) { return catalogue_.imageOf(image); }},
                                 kGoing)
                 .best;
    });
    if (damage == 0)
      expect(!found.exact.empty() && found.exact[0].image->imageHash == rom.imageHash &&
                 found.exact[0].offset == offset,
             "identify, exact");
    else
      expect(found.exact.empty() && !near.empty() && near[0].image->imageHash == rom.imageHash &&
                 near[0].differing == damage,
             "identify, near");
    return took;
  }

  double show(unsigned number, const std::function<std::string(const store::RomRecord&)>& reference) {
    const store::RomRecord rom = romAt(number);
    const std::string text = reference(rom);
    store::RomRecord found;
    const double took = timed([&] { found = ok(archive_.find(text)); });
    expect(found.imageHash == rom.imageHash, "show");
    return took;
  }

  void measure() {
    add("read the catalogue, once", "ms", timed([&] { ok(Catalogue(archive_).refresh(kGoing)); }));
    ok(catalogue_.refresh(kGoing));
    add("identify, exact, at the begin", "ms", median([&](unsigned n) { return identify(n, 0, 0); }));
    add("identify, exact, at offset 4097", "ms", median([&](unsigned n) { return identify(n, 4097, 0); }));
    add("identify, near (3 bytes differ)", "ms", median([&](unsigned n) { return identify(n, 4097, 3); }));
    using Rom = store::RomRecord;
    add("show sha256:HEX", "ms",
        median([&](unsigned n) { return show(n, [](const Rom& rom) { return rom.imageHash.text(); }); }));
    add("show 10 digits", "ms", median([&](unsigned n) {
          return show(n, [](const Rom& rom) { return rom.imageHash.hex().substr(0, 10); });
        }));
    add("show NAME@VERSION", "ms", median([&](unsigned n) {
          return show(n, [](const Rom& rom) { return rom.name + "@" + rom.version; });
        }));
    add("show BUILD-ID", "ms",
        median([&](unsigned n) { return show(n, [](const Rom& rom) { return rom.buildId; }); }));
    add("list, a page of 100 in the middle", "ms", median([&](unsigned n) {
          const std::string token = romAt(n).imageHash.hex();
          return timed([&] { ok(archive_.list({}, 100, token)); });
        }));
    store::Stats stats;
    add("stats", "ms", median([&](unsigned) { return timed([&] { stats = ok(archive_.stats()); }); }));
    add("publish one more", "ms", median([&](unsigned) { return publishNext(); }));
    stats = ok(archive_.stats());
    const auto each = static_cast<double>(stats.roms);
    add("database, a set", "KiB", static_cast<double>(stats.databaseBytes) / each / 1024);
    add("content, a set", "KiB", static_cast<double>(stats.contentBytes) / each / 1024);
    add("content / stored", "",
        static_cast<double>(stats.contentBytes) / static_cast<double>(stats.storedBytes));
    add("artifacts / blobs", "", static_cast<double>(stats.artifacts) / static_cast<double>(stats.blobs));
  }

  void print() const {
    std::printf("%-38s", "ROM sets");
    for (std::size_t i = 0; i < options_.sizes.size(); ++i)
      std::printf(i == 0 ? "%12u" : "%12u  growth", options_.sizes[i]);
    std::printf("\n");
    for (const Line& line : lines_) {
      std::printf("%-38s", (line.what + (*line.unit != '\0' ? std::string(", ") + line.unit : "")).c_str());
      for (std::size_t i = 0; i < line.values.size(); ++i) {
        std::printf("%12.3f", line.values[i]);
        if (i > 0)
          std::printf("%8.2f", line.values[i] / line.values[i - 1]);
      }
      std::printf("\n");
    }
  }

  const Options& options_;
  Archive archive_;
  Catalogue catalogue_{archive_};
  GeneratedRoms roms_;
  fs::path files_;
  unsigned published_ = 0;
  std::vector<Line> lines_;
};

Options parse(int argc, char** argv) {
  Options options;
  const auto number = [](std::string_view text) {
    unsigned value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value == 0)
      give("not a number: " + std::string(text));
    return value;
  };
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    std::string_view value = argv[i + 1];
    if (name == "--folder")
      options.folder = value;
    else if (name == "--rounds")
      options.rounds = number(value);
    else if (name == "--sizes")
      for (; !value.empty(); value.remove_prefix(value.find(',') + 1)) {
        options.sizes.push_back(number(value.substr(0, value.find(','))));
        if (value.find(',') == std::string_view::npos)
          break;
      }
    else
      give("unknown option " + std::string(name));
  }
  if (options.folder.empty() || options.sizes.empty())
    give("usage: archive_scale --folder DIR --sizes 1000,10000,100000 [--rounds N]");
  return options;
}

} // namespace
} // namespace romlink::scale

int main(int argc, char** argv) {
  const romlink::scale::Options options = romlink::scale::parse(argc, argv);
  std::filesystem::remove_all(options.folder);
  romlink::scale::Bench(options).run();
}
