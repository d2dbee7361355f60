#include "relink/link/lld.h"

#include "base/file.h"

#include <lld/Common/Driver.h>
#include <llvm/Support/raw_ostream.h>
#include <sstream>

LLD_HAS_DRIVER(elf)

namespace romlink::relink {
namespace {

constexpr std::string_view kError = "ld.lld: error: ";
constexpr std::string_view kWarning = "ld.lld: warning: ";

/// lld's messages of one kind. Lines that start with ">>>" say more about the message before them; the first
/// that names an object is the place.
struct Message {
  std::string text;
  std::string place;
};

std::vector<Message> messagesIn(const std::string& output, std::string_view kind) {
  constexpr std::string_view kMore = ">>> ";
  std::vector<Message> messages;
  bool ours = false;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("ld.lld: ")) {
      ours = line.starts_with(kind);
      if (ours)
        messages.push_back({line.substr(kind.size()), {}});
    } else if (ours && line.starts_with(kMore)) {
      std::string more = line.substr(kMore.size());
      more.erase(0, more.find_first_not_of(' '));
      if (constexpr std::string_view kBy = "referenced by "; more.starts_with(kBy))
        more.erase(0, kBy.size());
      if (messages.back().place.empty() || more.find(":(") != std::string::npos)
        messages.back().place = more;
    }
  }
  return messages;
}

std::string textOf(const Message& message) {
  return message.place.empty() ? message.text : message.text + " (" + message.place + ")";
}

} // namespace

Error linkError(const std::string& lldOutput) {
  constexpr std::size_t kShown = 5;
  const auto errors = messagesIn(lldOutput, kError);
  Error error{ErrorCode::Refused, "the program does not link", {}, {}, {}};
  if (errors.empty()) {
    error.why = "the linker failed without a message";
    return error;
  }
  if (errors.size() == 1) {
    error.where = errors.front().place;
    error.why = errors.front().text;
    return error;
  }
  for (std::size_t i = 0; i < errors.size() && i < kShown; ++i)
    error.why += (i == 0 ? "" : "; ") + textOf(errors[i]);
  if (errors.size() > kShown)
    error.why += "; and " + std::to_string(errors.size() - kShown) + " more";
  return error;
}

Result<LinkedFiles> runLld(const std::vector<std::string>& arguments, const std::filesystem::path& image,
                           const std::filesystem::path& map, const std::filesystem::path& messages) {
  std::vector<std::string> all = {"ld.lld"};
  for (const std::string& argument : arguments) // these would write into the map, or in its place
    if (argument != "-M" && argument != "--print-map" && argument != "-print-map" && argument != "--cref" &&
        argument != "-cref")
      all.push_back(argument);
  for (const std::string& own : {std::string("-o"), image.string(), "-Map=" + map.string(),
                                 std::string("--threads=1"), std::string("--color-diagnostics=never")})
    all.push_back(own);
  std::vector<const char*> argv;
  argv.reserve(all.size());
  for (const std::string& argument : all)
    argv.push_back(argument.c_str());

  std::error_code status;
  llvm::raw_fd_ostream out(messages.string(), status);
  if (status)
    return fail(ErrorCode::Internal, "cannot write", messages.string(), status.message());
  out.SetUnbuffered();
  const lld::Result result = lld::lldMain(argv, out, out, {{lld::Gnu, &lld::elf::link}});
  out.close();

  ROMLINK_ASSIGN(const auto raw, readFile(messages));
  const std::string output(asText(raw));
  if (result.retCode != 0 || !std::filesystem::exists(image, status))
    return fail(linkError(output));
  LinkedFiles linked{image, map, {}};
  for (const Message& warning : messagesIn(output, kWarning))
    linked.warnings.push_back(textOf(warning));
  return linked;
}

} // namespace romlink::relink
