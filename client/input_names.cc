#include "client/input_names.h"

#include "relink/report/message_strings.h"

#include <algorithm>
#include <vector>

namespace romlink::client {
namespace {

constexpr std::string_view kUp = "_up";
constexpr std::string_view kRoot = "_root";

// Does `component` read "_up" or "_root", perhaps with more underscores? Then typed ones get one more.
bool isReserved(std::string_view component) {
  for (const std::string_view name : {kUp, kRoot})
    if (component.ends_with(name.substr(1)) &&
        component.find_first_not_of('_') == component.size() - (name.size() - 1) && component.front() == '_')
      return true;
  return false;
}

bool isNamePart(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
}

// Like lld's messages: a name ends where something stands that is no part of one.
bool standsAlone(std::string_view text, std::size_t at, std::size_t length) {
  const bool begins = at == 0 || !isNamePart(text[at - 1]);
  const bool ends = at + length == text.size() || !isNamePart(text[at + length]);
  return begins && ends;
}

} // namespace

std::string linkerName(std::string_view typed) {
  std::vector<std::string> components;
  const bool absolute = typed.starts_with('/');
  for (std::size_t at = 0; at <= typed.size();) {
    const std::size_t end = std::min(typed.find('/', at), typed.size());
    const std::string_view component = typed.substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".")
      continue;
    if (component != "..") {
      const bool first = components.empty() && !absolute;
      components.push_back((first && isReserved(component) ? "_" : "") + std::string(component));
    } else if (!components.empty() && components.back() != kUp) {
      components.pop_back();
    } else if (!absolute) { // the root's parent is the root
      components.emplace_back(kUp);
    }
  }
  std::string name(absolute ? kRoot : "");
  for (const std::string& component : components)
    name += (name.empty() ? "" : "/") + component;
  return name;
}

void InputNames::add(const std::string& linkerName, const std::string& typed) {
  if (linkerName != typed)
    typed_.emplace(linkerName, typed);
}

std::string InputNames::toUser(std::string_view text) const {
  const auto isIn = [&](const auto& name) { return text.find(name.first) != std::string_view::npos; };
  if (std::none_of(typed_.begin(), typed_.end(), isIn))
    return std::string(text);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::string* replacement = nullptr;
    std::size_t length = 0;
    for (const auto& [name, typed] : typed_)
      if (text.substr(at).starts_with(name) && standsAlone(text, at, name.size())) {
        replacement = &typed;
        length = name.size();
        break;
      }
    if (replacement == nullptr) {
      result += text[at++];
      continue;
    }
    result += *replacement;
    at += length;
  }
  return result;
}

void InputNames::toUser(google::protobuf::Message& message) const {
  report::replaceStrings(message, [this](const std::string& text) -> std::optional<std::string> {
    std::string changed = toUser(text);
    return changed == text ? std::nullopt : std::optional(std::move(changed));
  });
}

} // namespace romlink::client
