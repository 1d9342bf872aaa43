// How the engine comes back after a failed write, whose outcome is unknown: memory is discarded and
// loaded again from what the disk holds.
#include <utility>

#include "server/engine/engine_impl.h"

namespace plumbline::engine {

void Engine::Impl::Supervise() {
  while (true) {
    {
      base::MutexLock lock(&recovery_mutex);
      if (!recovery_over) recovery_wake.WaitFor(&recovery_mutex, options.recovery_interval);
      if (recovery_over) return;
    }
    // What went wrong shows in the committer's figures; the next try is due soon.
    if (committer->failed()) Recover().IgnoreError();
  }
}

absl::Status Engine::Impl::Recover() {
  // Not before: reports live on what is in memory.
  if (absl::Status writable = store->CheckWritable(); !writable.ok()) return writable;
  base::MutexLock lock(&control_mutex);
  for (auto& worker : workers) worker->Suspend();
  if (absl::Status opened = store->Reopen(); !opened.ok()) return opened;
  Catalog fresh;
  auto loaded = LoadAll(&fresh);
  if (!loaded.ok()) return loaded.status();
  catalog.Replace(std::move(fresh));
  committer->Recover();
  for (size_t i = 0; i < workers.size(); ++i) workers[i]->Resume(std::move((*loaded)[i]));
  return absl::OkStatus();
}

}  // namespace plumbline::engine
