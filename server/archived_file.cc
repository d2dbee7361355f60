#include "server/archived_file.h"

#include "server/services.h"
#include "store/archive.h"

#include <fstream>

namespace romlink::server {

Result<InputCache::Pin> archivedFile(Services& services, const Digest& digest) {
  if (auto pin = services.inputs.pin(digest))
    return pin;
  ROMLINK_ASSIGN(InputCache::Writer writer, services.inputs.write(digest));
  ROMLINK_TRY(services.archive.read(digest, [&](Bytes content) { return writer.write(content); }));
  ROMLINK_TRY(writer.commit());
  return services.inputs.pin(digest);
}

Result<Digest> cacheFile(Services& services, const std::filesystem::path& file) {
  constexpr std::size_t kPiece = 256 << 10;
  ROMLINK_ASSIGN(const Digest digest, sha256OfFile(file));
  ROMLINK_ASSIGN(InputCache::Writer writer, services.inputs.write(digest));
  std::ifstream in(file, std::ios::binary);
  std::string piece(kPiece, '\0');
  while (in.read(piece.data(), kPiece), in.gcount() > 0)
    ROMLINK_TRY(writer.write(asBytes(std::string_view(piece.data(), static_cast<std::size_t>(in.gcount())))));
  ROMLINK_TRY(writer.commit());
  return digest;
}

} // namespace romlink::server
