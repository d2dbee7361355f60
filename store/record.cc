// See record.h.
#include "store/record.h"

#include "store/netstrings.h"
#include "store/text.h"

#include <algorithm>
#include <set>

namespace romlink::store {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestFileName = 255; // NAME_MAX of Linux file systems

tl::unexpected<Error> refuse(const std::string& what, const std::string& why) {
  return fail(ErrorCode::Usage, "cannot publish the ROM", what, why);
}

Result<void> checkText(const std::string& what, std::string_view text, std::size_t longest) {
  if (const auto flaw = flawOf(text, longest))
    return refuse(what, *flaw);
  return {};
}

Result<void> checkName(const std::string& what, const std::string& text) {
  if (text.empty())
    return refuse(what, "must not be empty");
  ROMLINK_TRY(checkText(what, text, kLongestName));
  if (text.find_first_of("@/") != std::string::npos)
    return refuse(what + " '" + text + "'", "must not contain '@' or '/'");
  if (text.front() == ' ' || text.back() == ' ')
    return refuse(what + " '" + text + "'", "must not begin or end with a space");
  return {};
}

Result<void> checkRanges(const std::string& what, std::vector<AddressRange>& ranges) {
  for (const AddressRange& range : ranges)
    if (range.size == 0 || range.address + std::uint64_t{range.size} > std::uint64_t{1} << 32)
      return refuse(what, "empty, or reaches beyond the 32-bit address space");
  std::sort(ranges.begin(), ranges.end());
  return {};
}

Result<void> checkRole(const std::string& role) {
  if (role.size() <= kLongestName && isRole(role))
    return {};
  ROMLINK_TRY(checkText("artifact role", role, kLongestName));
  return refuse("artifact role '" + role + "'",
                "must be lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit");
}

// The canonical form: each list is preceded by its length.
class Canonical {
public:
  Canonical& add(std::string_view field) {
    fields_.add(field);
    return *this;
  }
  Canonical& add(std::uint64_t number) {
    fields_.add(number);
    return *this;
  }
  Canonical& add(const std::vector<AddressRange>& ranges) {
    add(ranges.size());
    for (const AddressRange& range : ranges)
      add(range.address).add(range.size);
    return *this;
  }
  Canonical& add(const std::vector<std::string>& texts) {
    add(texts.size());
    for (const std::string& text : texts)
      add(std::string_view(text));
    return *this;
  }
  Digest finish() { return fields_.finish(); }

private:
  Netstrings fields_;
};

std::vector<AddressRange> asList(const std::optional<AddressRange>& range) {
  return range ? std::vector{*range} : std::vector<AddressRange>{};
}

const Artifact* artifactOf(const RomRecord& rom, const std::string& role) {
  const auto found = std::find_if(rom.artifacts.begin(), rom.artifacts.end(),
                                  [&](const Artifact& a) { return a.role == role; });
  return found == rom.artifacts.end() ? nullptr : &*found;
}

} // namespace

Result<RomRecord> normalised(RomRecord rom) {
  ROMLINK_TRY(checkName("name", rom.name));
  ROMLINK_TRY(checkName("version", rom.version));
  std::transform(rom.buildId.begin(), rom.buildId.end(), rom.buildId.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (rom.buildId.find_first_not_of("0123456789abcdef") != std::string::npos ||
      rom.buildId.size() > kLongestName)
    return refuse("build-id", "not hex digits");
  ROMLINK_TRY(checkText("architecture", rom.architecture, kLongestName));
  ROMLINK_TRY(checkRanges("flash range", rom.flash));
  ROMLINK_TRY(checkRanges("volatile range", rom.volatileRanges));
  std::vector<AddressRange> sharedRam = asList(rom.sharedRam);
  ROMLINK_TRY(checkRanges("shared RAM", sharedRam));
  for (const auto& [key, value] : rom.labels) {
    if (key.empty() || key.find('=') != std::string::npos)
      return refuse("label '" + key + "'", "must have a name without '='");
    ROMLINK_TRY(checkText("label name", key, kLongestName));
    ROMLINK_TRY(checkText("label '" + key + "'", value, kLongestText));
  }
  for (const std::string& note : rom.notes)
    ROMLINK_TRY(checkText("note", note, kLongestText));
  for (const std::string& symbol : rom.sharedSymbols) {
    if (symbol.empty())
      return refuse("shared symbol", "must not be empty");
    ROMLINK_TRY(checkText("shared symbol", symbol, kLongestText));
  }
  std::sort(rom.sharedSymbols.begin(), rom.sharedSymbols.end());
  rom.sharedSymbols.erase(std::unique(rom.sharedSymbols.begin(), rom.sharedSymbols.end()),
                          rom.sharedSymbols.end());
  return rom;
}

Result<std::vector<ArtifactSource>> normalised(std::vector<ArtifactSource> sources) {
  if (sources.empty())
    return refuse("artifacts", "a ROM set needs at least one");
  std::set<std::string> roles;
  for (ArtifactSource& source : sources) {
    ROMLINK_TRY(checkRole(source.role));
    if (!roles.insert(source.role).second)
      return refuse("artifact role '" + source.role + "'", "given more than once");
    const std::string what = "file name of artifact " + source.role;
    // Either separator: the name may come from any client and be used on any.
    source.fileName.erase(0, source.fileName.find_last_of("/\\") + 1);
    ROMLINK_TRY(checkText(what, source.fileName, kLongestFileName));
    if (source.fileName.empty() || source.fileName == "." || source.fileName == "..")
      return refuse(what, "does not name a file");
  }
  std::sort(sources.begin(), sources.end(),
            [](const ArtifactSource& a, const ArtifactSource& b) { return a.role < b.role; });
  return sources;
}

std::vector<std::string> differences(const RomRecord& archived, const RomRecord& offered) {
  std::vector<std::string> found;
  if (archived.name != offered.name || archived.version != offered.version)
    found.push_back("it is archived as " + archived.name + "@" + archived.version);
  if (archived.imageHash != offered.imageHash)
    found.emplace_back("its flash image differs");
  for (const Artifact& artifact : offered.artifacts) {
    const Artifact* other = artifactOf(archived, artifact.role);
    if (other == nullptr)
      found.push_back("the archived set has no artifact " + artifact.role);
    else if (other->digest != artifact.digest)
      found.push_back("artifact " + artifact.role + " differs");
  }
  for (const Artifact& artifact : archived.artifacts)
    if (artifactOf(offered, artifact.role) == nullptr)
      found.push_back("artifact " + artifact.role + " is missing here");
  if (archived.sharedRam != offered.sharedRam)
    found.emplace_back("the shared RAM differs");
  if (archived.volatileRanges != offered.volatileRanges)
    found.emplace_back("the volatile ranges differ");
  if (archived.sharedSymbols != offered.sharedSymbols)
    found.emplace_back("the list of shared symbols differs");
  if (archived.labels != offered.labels)
    found.emplace_back("the labels differ");
  return found;
}

Digest recordDigest(const RomRecord& rom) {
  Canonical form;
  form.add("romlink-rom-1").add(rom.imageHash.hex()).add(rom.name).add(rom.version).add(rom.buildId);
  form.add(rom.imageSize).add(rom.entry).add(rom.architecture).add(rom.functionCount).add(rom.objectCount);
  form.add(rom.publishedAt).add(rom.flash).add(rom.volatileRanges).add(asList(rom.sharedRam));
  form.add(rom.sharedSymbols).add(rom.labels.size());
  for (const auto& [key, value] : rom.labels)
    form.add(key).add(value);
  form.add(rom.notes).add(rom.artifacts.size());
  for (const Artifact& artifact : rom.artifacts)
    form.add(artifact.role).add(artifact.fileName).add(artifact.size).add(artifact.digest.hex());
  return form.finish();
}

} // namespace romlink::store
