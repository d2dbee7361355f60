#include "server/convert.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/v1/audit.pb.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace romlink::server {
namespace {

void toMessage(const store::AddressRange& range, v1::AddressRange& message) {
  message.set_address(range.address);
  message.set_size(range.size);
}

v1::Withdrawal::Links toMessage(store::Links links) {
  switch (links) {
  case store::Links::Allow:
    return v1::Withdrawal::ALLOW;
  case store::Links::Warn:
    return v1::Withdrawal::WARN;
  case store::Links::Refuse:
    break;
  }
  return v1::Withdrawal::REFUSE;
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
  if (record.buildId.empty())
    message.set_synthetic_build_id(store::syntheticBuildId(record.imageHash));
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
  if (record.withdrawal) {
    message.mutable_withdrawal()->set_links(toMessage(record.withdrawal->links));
    message.mutable_withdrawal()->set_reason(record.withdrawal->reason);
    message.mutable_withdrawal()->set_withdrawn_at(record.withdrawal->withdrawnAt);
  }
}

void toMessage(const store::SignedHead& head, v1::ArchiveHead& message) {
  message.set_note(head.note());
  message.set_origin(head.head.origin);
  message.set_size(head.head.size);
  message.set_root(head.head.root.text());
  message.set_public_key(head.key.text());
}

void toMessage(const store::Stats& stats, v1::ArchiveStats& message) {
  message.set_roms(stats.roms);
  message.set_artifacts(stats.artifacts);
  message.set_blobs(stats.blobs);
  message.set_content_bytes(stats.contentBytes);
  message.set_distinct_bytes(stats.distinctBytes);
  message.set_blob_bytes(stats.blobBytes);
  message.set_stored_bytes(stats.storedBytes);
  message.set_database_bytes(stats.databaseBytes);
  message.set_advisories(stats.advisories);
  message.set_releases(stats.releases);
}

void toMessage(const store::RomTitle& title, v1::RomName& message) {
  message.set_image_hash(title.imageHash.text());
  message.set_name(title.name);
  message.set_version(title.version);
}

void toMessage(const store::Advisory& advisory, v1::Advisory& message) {
  message.set_id(advisory.id);
  message.set_summary(advisory.summary);
  message.set_url(advisory.url);
  message.set_recorded_at(advisory.recordedAt);
  std::vector<const store::AdvisoryTarget*> targets;
  targets.reserve(advisory.targets.size());
  for (const store::AdvisoryTarget& target : advisory.targets)
    targets.push_back(&target);
  std::sort(targets.begin(), targets.end(), [](const auto* a, const auto* b) {
    return std::tie(a->rom.name, a->rom.version, a->symbol, a->address) <
           std::tie(b->rom.name, b->rom.version, b->symbol, b->address);
  });
  for (const store::AdvisoryTarget* target : targets) {
    v1::AdvisoryTarget& to = *message.add_targets();
    toMessage(target->rom, *to.mutable_rom());
    to.set_symbol(target->symbol);
    to.set_rom_address(addressText(target->address));
    to.set_size(target->size);
    to.set_body_digest(target->body ? target->body->text() : std::string());
  }
}

void toMessage(const store::Release& release, v1::Release& message) {
  message.set_id(release.id.text());
  message.set_linked_at(release.linkedAt);
  for (const store::RomTitle& rom : release.roms)
    toMessage(rom, *message.add_roms());
  message.set_image_hash(release.imageHash.text());
  message.set_tool_version(release.toolVersion);
  message.mutable_labels()->insert(release.labels.begin(), release.labels.end());
  for (const store::ReleaseInput& input : release.inputs) {
    v1::InputFile& to = *message.add_inputs();
    to.set_path(input.path);
    to.set_digest(input.digest.text());
  }
  message.mutable_arguments()->Assign(release.arguments.begin(), release.arguments.end());
  message.set_policy_digest(release.policy ? release.policy->text() : std::string());
  message.set_shared_symbols(release.sharedSymbols);
  message.set_saved_bytes(release.savedBytes);
}

store::RomTitle titleOf(const store::RomRecord& record) {
  return {record.imageHash, record.name, record.version};
}

std::string addressText(std::uint32_t address) {
  char text[sizeof "0x10001234"];
  std::snprintf(text, sizeof text, "0x%08x", address);
  return text;
}

std::uint32_t addressIn(const std::string& text) {
  return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 16));
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
