// What an archived link shares that today would stay local, because of advisories.
#pragma once

#include "base/error.h"
#include "romlink/v1/audit.pb.h"
#include "server/services.h"
#include "store/archive.h"

#include <vector>

namespace romlink::server {

class Call;

struct Doubts {
  std::vector<v1::ReleaseDoubt> doubts;   ///< by ROM as the link named them, address, advisory
  std::vector<v1::ReleaseDoubt> accepted; ///< the release's policy names the advisory in a waiver
};

/// Every shared symbol that is the defective code of one of the advisories, or reaches it in the ROM.
/// `findings`: a policy that this romlink cannot read, so nothing counts as accepted.
Result<Doubts> doubtsOf(Services& services, Call& call, const store::Release& release,
                        const std::vector<store::Advisory>& advisories,
                        google::protobuf::RepeatedPtrField<v1::Finding>& findings);

} // namespace romlink::server
