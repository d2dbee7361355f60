// A job's messages as the questions of relink/, and its answers as messages.
#pragma once

#include "relink/relinker.h"
#include "romlink/worker/job.pb.h"

namespace romlink::worker {

relink::AddressRange rangeOf(const v1::AddressRange& range);

/// `index` is relative to the current folder. Usage: the image hash.
Result<relink::RomReference> romReference(const std::string& index, const v1::Rom& rom,
                                          const google::protobuf::RepeatedPtrField<Defect>& defects = {});

/// Does the job.
Result<JobResult> examine(const ExamineRom& job);
Result<JobResult> extract(const Extract& job);

} // namespace romlink::worker
