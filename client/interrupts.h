// Ctrl-C and its like leave no half-written file.
//
// SIGINT, SIGTERM and SIGHUP are blocked in all threads and taken by one that waits for them: it removes the
// unfinished files, then lets the signal end the process, so the shell sees why it ended. A signal is the
// process' own matter, so the list of unfinished files is one for the process.
#pragma once

#include <string>

namespace romlink::client {

/// Starts to watch. REQUIRES: called once, before any other thread starts. Also ignores SIGPIPE.
void watchInterrupts();

/// `file` is removed if a signal ends the process from now on. Thread-safe, as is the next.
void removeOnInterrupt(const std::string& file);
/// `file` is finished, or gone.
void keepOnInterrupt(const std::string& file);

} // namespace romlink::client
