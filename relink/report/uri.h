// Names of files and packages as URIs (RFC 3986).
#pragma once

#include <string>
#include <string_view>

namespace romlink::report {

/// Everything but unreserved characters as %XX.
[[nodiscard]] std::string percentEncoded(std::string_view text);

/// A path as a URI reference: '/' stays, all else that is not unreserved becomes %XX, ":" too.
[[nodiscard]] std::string uriPath(std::string_view path);

/// Whether the text is an http or https URI: what a reader may follow. Others are left out of documents.
[[nodiscard]] bool isWebUri(std::string_view text);

/// "pkg:generic/boot@1.0?checksum=sha256:...": a package URL (package-url/purl-spec, type "generic").
[[nodiscard]] std::string packageUrl(std::string_view name, std::string_view version,
                                     std::string_view imageHash);

} // namespace romlink::report
