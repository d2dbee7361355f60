// Publishing a ROM: receive the artifacts into a staging folder, have a worker read them, archive them.
//
// The staging folder is a job folder (job_folder.h), so the worker finds the files where they arrived and
// every failure leaves nothing behind. Nothing is held in memory but one chunk. The ELF is first opened in
// the worker: a hostile file cannot harm the daemon.
#pragma once

#include "base/error.h"
#include "romlink/v1/archive.pb.h"
#include "server/job_folder.h"
#include "server/services.h"
#include "store/archive.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace romlink::worker {
class InspectRom;
}

namespace romlink::server {

class Call;

class Publication {
public:
  static Result<Publication> create(Services& services);

  /// Takes the next message of the stream.
  Result<void> accept(const v1::PublishRomRequest& message);

  /// REQUIRES: the stream has ended; called once.
  Result<void> publish(Call& call, v1::PublishRomResponse& response);

  /// Instead of a stream: takes what another archive has, under the record that it has there. The ELF is read
  /// again: Damaged unless it is the record's. Nothing is published before commit().
  Result<void> repeat(Call& call, const store::Archive& from, const store::RomRecord& rom);
  /// REQUIRES: repeat() succeeded; called once.
  Result<void> commit();

private:
  struct Header {
    std::string name;
    std::string version;
    std::string sharedRam;
    std::vector<store::AddressRange> volatileRanges;
    std::vector<std::string> sharedSymbols;
    std::map<std::string, std::string> labels;
  };

  struct Inspected {
    store::RomRecord rom;
    store::RomIndexSource index;
    std::filesystem::path image; ///< the ELF's; the artifact may have other padding
  };

  Publication(Services& services, JobFolder folder) : services_(services), folder_(std::move(folder)) {}
  Result<void> acceptHeader(const v1::PublishRomRequest::Header& header);
  Result<void> start(const v1::PublishRomRequest::ArtifactStart& artifact);
  Result<void> append(const std::string& chunk);
  Result<void> finishArtifact();
  /// `compareImage`: the image artifact has to be the ELF's.
  Result<Inspected> inspect(Call& call, bool compareImage);
  void addCompanions(worker::InspectRom& question) const;
  [[nodiscard]] std::string inClientsNames(std::string text) const;
  [[nodiscard]] Error inClientsNames(Error error) const;
  [[nodiscard]] std::string absentKinds() const;
  [[nodiscard]] Result<void> checkRequiredRoles() const;
  [[nodiscard]] const store::ArtifactSource* find(std::string_view role) const;

  struct Repeated {
    store::RomRecord rom;
    store::RomIndexSource index;
    store::Sketch sketch;
  };

  Services& services_;
  JobFolder folder_;
  std::unique_ptr<Repeated> repeated_;
  bool haveHeader_ = false;
  Header header_;
  std::vector<store::ArtifactSource> artifacts_;
  std::ofstream out_;
  std::uint64_t missingBytes_ = 0; ///< of the artifact that arrives now
  std::uint64_t totalBytes_ = 0;
};

} // namespace romlink::server
