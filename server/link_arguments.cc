#include "server/link_arguments.h"

#include "romlink/v1/link.pb.h"
#include "server/job_folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace romlink::server {
namespace {

// Options of lld 19 (`ld.lld --help`) that write a file, read one by name, or run a program. Long options are
// matched up to the end or '='.
constexpr std::array<std::string_view, 26> kRefusedOptions = {"output",
                                                              "Map",
                                                              "reproduce",
                                                              "chroot",
                                                              "out-implib",
                                                              "why-extract",
                                                              "time-trace",
                                                              "save-temps",
                                                              "dependency-file",
                                                              "print-archive-stats",
                                                              "plugin",
                                                              "plugin-opt",
                                                              "print-symbol-order",
                                                              "load-pass-plugin",
                                                              "error-handling-script",
                                                              "mllvm",
                                                              "library-path",
                                                              "library",
                                                              "sysroot",
                                                              "thinlto-cache-dir",
                                                              "remap-inputs",
                                                              "lto-obj-path",
                                                              "opt-remarks-filename",
                                                              "remap-inputs-file",
                                                              "rsp-quoting",
                                                              "thinlto-index-only"};
// Short options take their value from the same argument: -oFILE, -Ldir, -lname. 'o' needs care: no long
// option that starts with 'o' can have one dash (GNU ld's manual, "Command-line Options").
constexpr std::string_view kRefusedLetters = "oLl";

bool isRefused(std::string_view argument) {
  if (argument.starts_with('@'))
    return true;
  if (!argument.starts_with('-') || argument == "-")
    return false;
  const bool twoDashes = argument.starts_with("--");
  std::string_view name = argument.substr(twoDashes ? 2 : 1);
  if (!twoDashes && !name.empty() && kRefusedLetters.find(name.front()) != std::string_view::npos)
    return true;
  name = name.substr(0, name.find('='));
  return std::find(kRefusedOptions.begin(), kRefusedOptions.end(), name) != kRefusedOptions.end();
}

Result<std::string> argumentText(const v1::LinkArgument& argument) {
  const std::string& text = argument.text();
  if (text.find('\0') != std::string::npos)
    return fail(ErrorCode::Usage, "bad linker argument", text.substr(0, 200), "it contains a NUL");
  if (isRefused(text))
    return fail(ErrorCode::Usage, "linker option is not allowed in a request", text.substr(0, 200),
                "it names a file or a program of the server");
  if (!argument.has_file())
    return text;
  const std::size_t place = text.find("{}");
  if (place == std::string::npos)
    return fail(ErrorCode::Usage, "bad linker argument", text.substr(0, 200), "it has a file but no {}");
  const std::string& path = argument.file().path();
  if (place == 0 && (path.starts_with('-') || path.starts_with('@')))
    return fail(ErrorCode::Usage, "bad path of an input", path.substr(0, 200),
                "the linker would take it for an option");
  return std::string(text).replace(place, 2, path);
}

} // namespace

Result<std::vector<std::string>> linkerArguments(const v1::LinkRequest& request) {
  std::vector<std::string> arguments;
  arguments.reserve(static_cast<std::size_t>(request.arguments_size()));
  for (const v1::LinkArgument& argument : request.arguments()) {
    ROMLINK_ASSIGN(std::string text, argumentText(argument));
    arguments.push_back(std::move(text));
  }
  return arguments;
}

Result<std::vector<const v1::InputFile*>> inputsOf(const v1::LinkRequest& request, std::size_t limit) {
  std::vector<const v1::InputFile*> all;
  for (const v1::LinkArgument& argument : request.arguments())
    if (argument.has_file())
      all.push_back(&argument.file());
  for (const v1::InputFile& file : request.extra_files())
    all.push_back(&file);
  if (all.size() > limit)
    return fail(ErrorCode::Usage, "too many inputs", std::to_string(all.size()),
                "the service's limit is " + std::to_string(limit));
  std::map<std::string_view, const v1::InputFile*> byPath;
  for (const v1::InputFile* file : all) {
    ROMLINK_TRY(checkInputPath(file->path()));
    const auto [at, isNew] = byPath.try_emplace(file->path(), file);
    if (!isNew && at->second->digest() != file->digest())
      return fail(ErrorCode::Usage, "two inputs have the same path", file->path());
  }
  std::vector<const v1::InputFile*> inputs;
  inputs.reserve(byPath.size());
  for (const auto& [path, file] : byPath)
    inputs.push_back(file);
  return inputs;
}

} // namespace romlink::server
