#include "base/file.h"
#include "relink/image/elf_image.h"
#include "server/source_tar.h"
#include "server/worker/questions.h"

namespace romlink::worker {
namespace {

constexpr const char* kPart = "out/part";

Result<void> extractSection(const std::string& file, const std::string& name) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  ROMLINK_ASSIGN(const auto elf, relink::ElfImage::read(content, file));
  bool exists = false;
  for (const relink::Section& section : elf.sections) {
    constexpr std::uint32_t kNoBits = 8; // SHT_NOBITS
    if (section.name != name)
      continue;
    if (section.type != kNoBits)
      return writeFile(kPart, section.data);
    exists = true;
  }
  return fail(ErrorCode::NotFound, "no such section", name,
              exists ? "the file has no content for it" : "the ELF has no section of this name");
}

} // namespace

Result<JobResult> extract(const Extract& job) {
  JobResult result;
  result.mutable_extract()->set_file(kPart);
  if (job.part_case() == Extract::kSection) {
    ROMLINK_TRY(extractSection(job.file(), job.section()));
    result.mutable_extract()->set_name(job.section());
  } else {
    ROMLINK_ASSIGN(const std::string name, server::extractSource(job.file(), job.source(), kPart));
    result.mutable_extract()->set_name(name);
  }
  return result;
}

} // namespace romlink::worker
