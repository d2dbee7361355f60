// The path in an HTTP request's target (RFC 9112 section 3.2, RFC 3986): which resource is asked for.
//
//   /buildid/00ff/source/usr/include/a%2Bb.h?x=1   ->   "/buildid/00ff/source/usr/include/a+b.h"
//
// A path is only ever compared with names that the archive has; no file is opened by it.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace romlink::server {

/// The decoded path of a target in origin form ("/path") or absolute form ("http://host/path"), without its
/// query. Usage: no such target, a "%" that is not followed by two hex digits, or control characters.
Result<std::string> decodedPath(std::string_view target);

/// `path` with one "/" before each part and none at the end, "." and empty parts left out, ".." applied and
/// never leading out of the root: "a//b/./../c" -> "/a/c" (RFC 3986 section 5.2.4, as debuginfod(8) asks).
std::string canonicalPath(std::string_view path);

} // namespace romlink::server
