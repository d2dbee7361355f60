#include "server/debuginfod.h"

#include "romlink/worker/job.pb.h"
#include "server/archived_file.h"
#include "server/call.h"
#include "server/http_target.h"
#include "server/job_folder.h"
#include "server/worker_host.h"
#include "store/archive.h"

#include <algorithm>
#include <ctime>

namespace romlink::server {
namespace {

constexpr std::string_view kPrefix = "/buildid/";
constexpr std::size_t kLongestBuildId = 128; // hex digits
constexpr std::string_view kElf = "elf";
constexpr std::string_view kSources = "sources";
constexpr std::string_view kSection = "section";
constexpr std::string_view kSource = "source";

} // namespace

// "/buildid/ID/KIND" or "/buildid/ID/KIND/REST"
struct Debuginfod::Question {
  std::string buildId; // lower case
  std::string kind;
  std::string rest; // from its '/' on
  std::function<bool()> clientGone;

  static Result<Question> parse(std::string_view path);
};

Result<Debuginfod::Question> Debuginfod::Question::parse(std::string_view path) {
  path.remove_prefix(kPrefix.size());
  const std::size_t end = std::min(path.find('/'), path.size());
  Question question;
  question.buildId = path.substr(0, end);
  std::transform(question.buildId.begin(), question.buildId.end(), question.buildId.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (question.buildId.empty() || question.buildId.size() > kLongestBuildId ||
      question.buildId.size() % 2 != 0 ||
      question.buildId.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(ErrorCode::Usage, "not a build-id", question.buildId.substr(0, kLongestBuildId),
                "expected an even number of hex digits, at most 128");
  path.remove_prefix(std::min(end + 1, path.size()));
  const std::size_t kind = std::min(path.find('/'), path.size());
  question.kind = path.substr(0, kind);
  question.rest = path.substr(kind);
  return question;
}

namespace {

const store::Artifact* find(const store::RomRecord& rom, std::string_view role) {
  const auto found = std::find_if(rom.artifacts.begin(), rom.artifacts.end(),
                                  [&](const store::Artifact& a) { return a.role == role; });
  return found == rom.artifacts.end() ? nullptr : &*found;
}

std::time_t timeOf(const store::RomRecord& rom) {
  std::tm utc{};
  return ::strptime(rom.publishedAt.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc) != nullptr ? ::timegm(&utc) : 0;
}

// While it lives the daemon is not idle.
class Busy {
public:
  explicit Busy(Activity& activity) : activity_(activity) { activity_.begin(); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { activity_.end(); }

private:
  Activity& activity_;
};

// A value of a field ends at its line's end.
std::string fieldText(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '_';
  return text;
}

tl::unexpected<Error> notFound(const std::string& buildId, std::string why) {
  return fail(ErrorCode::NotFound, "not in the archive", buildId, std::move(why));
}

// The ROM with this build-id that has an artifact of this role; the earliest, where several have the same
// ELF.
Result<store::RomRecord> romWith(std::string_view role, const store::Archive& archive,
                                 const std::string& buildId) {
  ROMLINK_ASSIGN(const std::vector<store::RomRecord> roms, archive.findByBuildId(buildId));
  const store::Artifact* elf = nullptr;
  const store::RomRecord* meant = nullptr;
  bool differ = false;
  std::string names;
  for (const store::RomRecord& rom : roms) {
    const store::Artifact* its = find(rom, kElf);
    if (its == nullptr)
      continue;
    names += (names.empty() ? "" : ", ") + rom.name + "@" + rom.version + " (also " +
             store::syntheticBuildId(rom.imageHash) + ")";
    differ = differ || (elf != nullptr && elf->digest != its->digest);
    elf = its;
    if (find(rom, role) != nullptr && (meant == nullptr || timeOf(rom) < timeOf(*meant)))
      meant = &rom;
  }
  if (elf == nullptr)
    return notFound(buildId, "no ROM has this build-id");
  if (differ)
    return notFound(buildId, "ROMs with different ELFs have this build-id: " + names);
  if (meant == nullptr)
    return notFound(buildId, "no artifact of " + names + " has the role '" + std::string(role) + "'");
  return *meant;
}

tl::unexpected<Error> badTarget(const std::string& kind, std::string why) {
  return fail(ErrorCode::Usage, "bad request target", kind, std::move(why));
}

} // namespace

Result<HttpResource> Debuginfod::elfOf(const Question& question) {
  if (!question.rest.empty())
    return badTarget(question.kind, "nothing follows it");
  ROMLINK_ASSIGN(const store::RomRecord rom, romWith(kElf, services_.archive, question.buildId));
  const store::Artifact& elf = *find(rom, kElf);
  HttpResource resource{elf.digest, elf.size, timeOf(rom), {}, {}};
  resource.fields = {{"X-DEBUGINFOD-FILE", fieldText(elf.fileName)},
                     {"X-DEBUGINFOD-SIZE", std::to_string(elf.size)}};
  resource.open = [this, digest = elf.digest] { return archivedFile(services_, digest); };
  return resource;
}

Result<HttpResource> Debuginfod::sectionOf(const Question& question) {
  if (question.rest.size() < 2 || question.rest.find('/', 1) != std::string::npos)
    return badTarget(question.kind, "the name of a section follows it");
  ROMLINK_ASSIGN(const store::RomRecord rom, romWith(kElf, services_.archive, question.buildId));
  const store::Artifact& elf = *find(rom, kElf);
  ROMLINK_ASSIGN(const Part part, extract(elf.digest, question, question.rest.substr(1)));
  HttpResource resource{part.digest, part.size, timeOf(rom), {}, {}};
  resource.fields = {{"X-DEBUGINFOD-FILE", fieldText(elf.fileName)},
                     {"X-DEBUGINFOD-SIZE", std::to_string(part.size)}};
  resource.open = [this, digest = part.digest] { return services_.inputs.pin(digest); };
  return resource;
}

Result<HttpResource> Debuginfod::sourceOf(const Question& question) {
  const std::string path = canonicalPath(question.rest);
  if (path.empty())
    return badTarget(question.kind, "the path of a source file follows it");
  ROMLINK_ASSIGN(const store::RomRecord rom, romWith(kSources, services_.archive, question.buildId));
  const store::Artifact& tarball = *find(rom, kSources);
  ROMLINK_ASSIGN(const Part part, extract(tarball.digest, question, path));
  HttpResource resource{part.digest, part.size, timeOf(rom), {}, {}};
  resource.fields = {{"X-DEBUGINFOD-FILE", fieldText(part.name)},
                     {"X-DEBUGINFOD-SIZE", std::to_string(part.size)},
                     {"X-DEBUGINFOD-ARCHIVE", fieldText(tarball.fileName)}};
  resource.open = [this, digest = part.digest] { return services_.inputs.pin(digest); };
  return resource;
}

Result<Debuginfod::Part> Debuginfod::extract(const Digest& file, const Question& question,
                                             const std::string& name) {
  const auto key = std::make_tuple(file, question.kind, name);
  {
    const std::scoped_lock lock(mutex_);
    const auto known = parts_.find(key);
    if (known != parts_.end() && services_.inputs.contains(known->second.digest))
      return known->second;
  }
  ROMLINK_ASSIGN(Part part, extractNow(file, question, name));
  const std::scoped_lock lock(mutex_);
  if (parts_.size() >= kParts)
    parts_.clear();
  return parts_.insert_or_assign(key, std::move(part)).first->second;
}

Result<Debuginfod::Part> Debuginfod::extractNow(const Digest& file, const Question& question,
                                                const std::string& name) {
  constexpr const char* kWhole = "whole";
  ROMLINK_ASSIGN(const InputCache::Pin whole, archivedFile(services_, file));
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services_.jobs));
  ROMLINK_TRY(folder.add(kWhole, whole.file()));
  worker::Job job;
  worker::Extract& extract = *job.mutable_extract();
  extract.set_file(kWhole);
  if (question.kind == kSection)
    extract.set_section(name);
  else
    extract.set_source(name);
  auto ran = services_.workers.run(folder, std::move(job),
                                   [&] { return stopping_.load() || question.clientGone(); });
  // The file is what was archived: nothing is damaged, it just is not what it was archived as.
  if (!ran && ran.error().code == ErrorCode::Malformed)
    ran.error().code = ErrorCode::NotFound;
  ROMLINK_ASSIGN(const worker::JobResult result, std::move(ran));
  ROMLINK_ASSIGN(const auto made, folder.outputFile(result.extract().file()));
  std::error_code status;
  Part part{{}, std::filesystem::file_size(made, status), result.extract().name()};
  ROMLINK_ASSIGN(part.digest, cacheFile(services_, made));
  return part;
}

Result<HttpResource> Debuginfod::resourceOf(const Question& question) {
  if (question.kind == "executable" || question.kind == "debuginfo")
    return elfOf(question);
  if (question.kind == kSection)
    return sectionOf(question);
  if (question.kind == kSource)
    return sourceOf(question);
  return fail(ErrorCode::NotFound, "no such resource", {},
              "after the build-id comes executable, debuginfo, section/NAME or source/PATH");
}

bool Debuginfod::isJob(const HttpRequest& request) {
  const auto question = Question::parse(request.path);
  return question && (question->kind == kSection || question->kind == kSource);
}

HttpReply Debuginfod::answer(const HttpRequest& request) {
  const Busy busy(services_.activity);
  auto question = Question::parse(request.path);
  if (!question)
    return errorReply(question.error());
  question->clientGone = request.clientGone;
  const auto resource = resourceOf(*question);
  return resource ? reply(request, *resource) : errorReply(resource.error());
}

} // namespace romlink::server
