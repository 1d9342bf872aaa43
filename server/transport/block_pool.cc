#include "server/transport/block_pool.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace plumbline::transport {
namespace {

size_t IndexOf(size_t size) {
  return static_cast<size_t>(std::countr_zero(size) - std::countr_zero(BlockPool::kMinBytes));
}

}  // namespace

BlockPool::Block BlockPool::Take(size_t bytes) {
  const size_t size = SizeOf(bytes);
  std::unique_ptr<char[]> data;
  {
    base::MutexLock lock(&mutex_);
    auto& kept = kept_[IndexOf(size)];
    if (!kept.empty()) {
      data = std::move(kept.back());
      kept.pop_back();
    }
  }
  if (data == nullptr) data = std::make_unique_for_overwrite<char[]>(size);
  return Block(this, std::move(data), size);
}

void BlockPool::Give(std::unique_ptr<char[]> data, size_t size) {
  base::MutexLock lock(&mutex_);
  auto& kept = kept_[IndexOf(size)];
  if (kept.size() < kMaxKeptBytes / size) kept.push_back(std::move(data));
}

size_t BlockPool::SizeOf(size_t bytes) {
  return std::bit_ceil(std::clamp(bytes, kMinBytes, kMaxBytes));
}

BlockPool* BlockPool::Global() {
  static auto* const pool = new BlockPool();
  return pool;
}

}  // namespace plumbline::transport
