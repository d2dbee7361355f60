#include "relink/report/uri.h"

#include <algorithm>

namespace romlink::report {
namespace {

bool isUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text, std::string_view kept) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (isUnreserved(c) || kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 0xF]};
  }
  return out;
}

} // namespace

std::string percentEncoded(std::string_view text) {
  return encoded(text, {});
}

std::string uriPath(std::string_view path) {
  return encoded(path, "/");
}

bool isWebUri(std::string_view text) {
  constexpr std::string_view allowed = ":/?#[]@!$&'()*+,;=%";
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  return web && std::all_of(text.begin(), text.end(), [&](char c) {
           return isUnreserved(c) || allowed.find(c) != std::string_view::npos;
         });
}

std::string packageUrl(std::string_view name, std::string_view version, std::string_view imageHash) {
  std::string url = "pkg:generic/" + percentEncoded(name);
  if (!version.empty())
    url += "@" + percentEncoded(version);
  if (!imageHash.empty())
    url += "?checksum=" + encoded(imageHash, ":");
  return url;
}

} // namespace romlink::report
