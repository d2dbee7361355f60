#include "server/job_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <unistd.h>

namespace romlink::server {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 255;  // NAME_MAX of all file systems of interest
constexpr std::size_t kLongestPath = 3500; // leaves room below PATH_MAX for the archive's folder

// Hard link, or a copy where the file system has none. Not a symbolic link: the worker cannot look outside
// its folder.
Result<void> linkOrCopy(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0)
    return {};
  if (errno == EEXIST)
    return fail(ErrorCode::Usage, "two inputs have the same path", to.filename().string());
  std::error_code status;
  fs::copy_file(from, to, status);
  if (status)
    return fail(ErrorCode::Internal, "cannot prepare an input", to.string(), status.message());
  return {};
}

} // namespace

Result<void> checkInputPath(const std::string& path) {
  const auto bad = [&](const char* why) {
    return fail(ErrorCode::Usage, "bad path of an input", path.substr(0, 200), why);
  };
  if (path.empty())
    return bad("it is empty");
  if (path.size() > kLongestPath)
    return bad("it is too long");
  if (path.front() == '/')
    return bad("it is absolute");
  if (path.back() == '/')
    return bad("it names a folder");
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return bad("it contains a control character");
  std::istringstream components(path);
  for (std::string component; std::getline(components, component, '/');) {
    if (component.empty() || component == "." || component == "..")
      return bad("it contains an empty, '.' or '..' component");
    if (component.size() > kLongestName)
      return bad("a component is too long");
  }
  return {};
}

Result<JobFolder> JobFolder::create(const fs::path& parent) {
  ROMLINK_ASSIGN(TemporaryDirectory directory, TemporaryDirectory::create(parent, "job"));
  std::error_code status;
  fs::create_directory(directory.path() / "in", status);
  if (!status)
    fs::create_directories(directory.path() / "out" / "scratch", status);
  if (status)
    return fail(ErrorCode::Internal, "cannot create a job's folder", directory.path().string(),
                status.message());
  return JobFolder(std::move(directory));
}

Result<void> JobFolder::addInput(const std::string& path, const fs::path& file) {
  return addBelow("in", path, file);
}

Result<void> JobFolder::addPolicy(const std::string& path, const fs::path& file) {
  return addBelow("policy", path, file);
}

Result<void> JobFolder::addBelow(const char* folder, const std::string& path, const fs::path& file) {
  ROMLINK_TRY(checkInputPath(path));
  const fs::path target = directory_.path() / folder / path;
  std::error_code status;
  fs::create_directories(target.parent_path(), status);
  if (status)
    return fail(ErrorCode::Usage, "an input's path leads through another input", path, status.message());
  return linkOrCopy(file, target);
}

Result<void> JobFolder::add(const std::string& name, const fs::path& file) {
  return linkOrCopy(file, directory_.path() / name);
}

std::string JobFolder::withoutFolder(std::string text) const {
  for (const std::string& prefix :
       {(directory_.path() / "in/").string(), (directory_.path() / "policy/").string(),
        directory_.path().string() + "/"})
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;)
      text.erase(at, prefix.size());
  return text;
}

Error JobFolder::withoutFolder(Error error) const {
  for (std::string* part : {&error.what, &error.where, &error.why, &error.hint})
    *part = withoutFolder(std::move(*part));
  return error;
}

Result<fs::path> JobFolder::outputFile(const std::string& name) const {
  std::error_code status;
  const fs::path allowed = fs::canonical(directory_.path() / "out", status);
  fs::path real = status ? fs::path() : fs::canonical(directory_.path() / name, status);
  const auto [end, ignored] = std::mismatch(allowed.begin(), allowed.end(), real.begin(), real.end());
  if (status || end != allowed.end() || !fs::is_regular_file(real, status))
    return fail(ErrorCode::Internal, "a worker named a file that it did not make", name);
  return real;
}

} // namespace romlink::server
