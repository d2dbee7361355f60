#include "server/convert.h"

#include "romlink/v1/archive.pb.h"

namespace romlink::server {
namespace {

void toMessage(const store::AddressRange& range, v1::AddressRange& message) {
  message.set_address(range.address);
  message.set_size(range.size);
}

} // namespace

void toMessage(const store::Artifact& artifact, v1::Artifact& message) {
  message.set_role(artifact.role);
  message.set_file_name(artifact.fileName);
  message.set_size(artifact.size);
  message.set_digest(artifact.digest.text());
}

void toMessage(const store::RomRecord& record, v1::Rom& message) {
  message.set_image_hash(record.imageHash.text());
  message.set_name(record.name);
  message.set_version(record.version);
  message.set_build_id(record.buildId);
  for (const auto& range : record.flash)
    toMessage(range, *message.add_flash());
  message.set_image_size(record.imageSize);
  message.set_entry(record.entry);
  if (record.sharedRam)
    toMessage(*record.sharedRam, *message.mutable_shared_ram());
  for (const auto& range : record.volatileRanges)
    toMessage(range, *message.add_volatile_ranges());
  for (const auto& artifact : record.artifacts)
    toMessage(artifact, *message.add_artifacts());
  message.mutable_labels()->insert(record.labels.begin(), record.labels.end());
  message.set_published_at(record.publishedAt);
  message.set_architecture(record.architecture);
  message.set_function_count(record.functionCount);
  message.set_object_count(record.objectCount);
  message.mutable_shared_symbols()->Assign(record.sharedSymbols.begin(), record.sharedSymbols.end());
  message.mutable_notes()->Assign(record.notes.begin(), record.notes.end());
  if (!record.indexes.empty()) {
    const store::RomIndex& newest = record.indexes.back();
    message.mutable_index()->set_format_version(newest.formatVersion);
    message.mutable_index()->set_functions(newest.functionCount);
    message.mutable_index()->set_references(newest.referenceCount);
    message.mutable_index()->set_digest(newest.digest.text());
  }
}

void toMessage(const store::Stats& stats, v1::ArchiveStats& message) {
  message.set_roms(stats.roms);
  message.set_artifacts(stats.artifacts);
  message.set_blobs(stats.blobs);
  message.set_content_bytes(stats.contentBytes);
  message.set_stored_bytes(stats.storedBytes);
  message.set_database_bytes(stats.databaseBytes);
}

store::AddressRange fromMessage(const v1::AddressRange& message) {
  return {message.address(), message.size()};
}

Result<store::RomRecord> fromMessage(const v1::Rom& message) {
  store::RomRecord record;
  ROMLINK_ASSIGN(record.imageHash, Digest::parse(message.image_hash()));
  record.buildId = message.build_id();
  for (const auto& range : message.flash())
    record.flash.push_back(fromMessage(range));
  record.imageSize = message.image_size();
  record.entry = message.entry();
  if (message.has_shared_ram())
    record.sharedRam = fromMessage(message.shared_ram());
  record.architecture = message.architecture();
  record.functionCount = message.function_count();
  record.objectCount = message.object_count();
  record.notes.assign(message.notes().begin(), message.notes().end());
  return record;
}

} // namespace romlink::server
