// Work on many things at once, answers in their order.
#pragma once

#include "base/error.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace romlink::server {

/// Calls make(0), make(1), ... make(count - 1) on up to `threads` threads, and take(i, made) on this thread,
/// in order, as soon as it can. Ends with the first error of `take`; then what runs is waited for and
/// dropped. No more than four results a thread wait to be taken.
template <typename Made>
Result<void> inOrder(std::size_t count, unsigned threads, const std::function<Made(std::size_t)>& make,
                     const std::function<Result<void>(std::size_t, Made)>& take) {
  constexpr std::size_t kAhead = 4;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::optional<Made>> made(count);
  std::size_t next = 0;
  std::size_t taken = 0;
  bool over = false;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return over || next >= count || next < taken + threads * kAhead; });
      if (over || next >= count)
        return;
      const std::size_t mine = next++;
      lock.unlock();
      Made result = make(mine);
      lock.lock();
      made[mine] = std::move(result);
      changed.notify_all();
    }
  };
  Result<void> done;
  {
    std::vector<std::jthread> pool;
    for (std::size_t i = 0; i < std::min<std::size_t>(threads, count); ++i)
      pool.emplace_back(work);
    for (std::size_t i = 0; i < count && done; ++i) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return made[i].has_value(); });
      Made result = std::move(*made[i]);
      made[i].reset();
      taken = i + 1;
      lock.unlock();
      changed.notify_all();
      done = take(i, std::move(result));
    }
    const std::scoped_lock lock(mutex);
    over = true;
    changed.notify_all();
  }
  return done;
}

} // namespace romlink::server
