#include "server/unpack.h"

#include <fstream>

namespace romlink::server {
namespace {
namespace fs = std::filesystem;

Result<void> writeContent(const store::Archive& archive, const Digest& digest, const fs::path& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  ROMLINK_TRY(archive.read(digest, [&](Bytes piece) -> Result<void> {
    const std::string_view text = asText(piece);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    return {};
  }));
  out.close();
  if (!out)
    return fail(ErrorCode::Exhausted, "the archive's disk does not take it", digest.text());
  return {};
}

} // namespace

Result<std::vector<store::ArtifactSource>> unpack(const store::Archive& archive, const store::RomRecord& rom,
                                                  const fs::path& folder) {
  std::vector<store::ArtifactSource> sources;
  for (const store::Artifact& artifact : rom.artifacts) {
    fs::path file = folder / ("artifact-" + std::to_string(sources.size()) + ".part");
    ROMLINK_TRY(writeContent(archive, artifact.digest, file));
    sources.push_back({artifact.role, artifact.fileName, std::move(file)});
  }
  return sources;
}

} // namespace romlink::server
