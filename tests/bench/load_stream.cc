#include "tests/bench/load_stream.h"

#include <google/protobuf/timestamp.pb.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace plumbline::bench {
namespace {

// Tags of length-delimited fields.
constexpr char kRequestBatch = (v1::IngestRequest::kBatchFieldNumber << 3) | 2;
constexpr char kNumberedBatchBatch = (v1::NumberedBatch::kBatchFieldNumber << 3) | 2;

void AppendVarint(size_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

}  // namespace

bool Budget::Take() {
  if (!limited_.load(std::memory_order_relaxed)) return true;
  if (left_.fetch_sub(1) > 0) return true;
  left_.fetch_add(1);
  return false;
}

LoadStream::LoadStream(std::shared_ptr<grpc::Channel> channel, StreamPlan plan,
                       const EncodedBatches* batches, Budget* budget)
    : plan_(std::move(plan)),
      batches_(batches),
      budget_(budget),
      stub_(std::move(channel)),
      sequences_(plan_.models.size()),
      next_batch_(plan_.first_batch % batches->batches.size()) {
  stub_.PrepareBidiStreamingCall(&context_, "/plumbline.v1.IngestService/Ingest",
                                 grpc::StubOptions(), this);
  StartRead(&reading_);
  StartCall();
}

void LoadStream::Poke() {
  absl::MutexLock lock(&mutex_);
  std::move(later_.begin(), later_.end(), std::back_inserter(again_));
  later_.clear();
  MaybeWrite();
}

void LoadStream::Record(bool on) {
  absl::MutexLock lock(&mutex_);
  record_ = on;
}

void LoadStream::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  MaybeWrite();
}

grpc::Status LoadStream::Await() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&over_));
  return status_;
}

bool LoadStream::over() const {
  absl::MutexLock lock(&mutex_);
  return over_;
}

StreamCounts LoadStream::counts() const {
  absl::MutexLock lock(&mutex_);
  return counts_;
}

std::vector<float> LoadStream::latencies() const {
  absl::MutexLock lock(&mutex_);
  return latencies_;
}

void LoadStream::MaybeWrite() {
  if (write_under_way_ || writes_done_ || broken_ || !later_.empty()) return;
  const bool no_more = stopping_ || (plan_.max_batches > 0 && fresh_ == plan_.max_batches);
  if (again_.empty() && no_more) {
    if (!unanswered_.empty()) return;
    writes_done_ = true;
    StartWritesDone();
    return;
  }
  if (unanswered_.size() >= plan_.in_flight) return;
  Sent sent;
  if (!again_.empty()) {
    sent = again_.front();
    again_.pop_front();
  } else {
    if (!budget_->Take()) return;
    sent = NextSent();
  }
  writing_ = Encode(sent);
  sent.time = std::chrono::steady_clock::now();
  unanswered_.emplace(++request_index_, sent);
  write_under_way_ = true;
  StartWrite(&writing_);
}

LoadStream::Sent LoadStream::NextSent() {
  Sent sent;
  sent.model = next_model_;
  sent.sequence = ++sequences_[next_model_];
  sent.batch = next_batch_;
  next_model_ = (next_model_ + 1) % plan_.models.size();
  next_batch_ = (next_batch_ + 1) % batches_->batches.size();
  ++fresh_;
  return sent;
}

grpc::ByteBuffer LoadStream::Encode(const Sent& sent) const {
  v1::NumberedBatch header;
  header.set_model(plan_.models[sent.model]);
  header.mutable_number()->set_producer(plan_.producer);
  header.mutable_number()->set_epoch(plan_.epoch);
  header.mutable_number()->set_sequence(sent.sequence);
  header.set_load(plan_.load);
  const grpc::Slice& batch = batches_->batches[sent.batch];
  // A message may come in pieces: the event time is a piece of the batch after its shared bytes.
  std::string time;
  if (plan_.event_start.has_value()) {
    const absl::Time event =
        *plan_.event_start + plan_.event_step * static_cast<double>(sent.sequence - 1);
    v1::Batch piece;
    piece.mutable_event_time()->set_seconds(absl::ToUnixSeconds(event));
    time = piece.SerializeAsString();
  }
  std::string inner = header.SerializeAsString();
  inner.push_back(kNumberedBatchBatch);
  AppendVarint(batch.size() + time.size(), &inner);
  std::string outer(1, kRequestBatch);
  AppendVarint(inner.size() + batch.size() + time.size(), &outer);
  const grpc::Slice slices[] = {grpc::Slice(outer + inner), batch, grpc::Slice(time)};
  return grpc::ByteBuffer(slices, time.empty() ? 2 : 3);
}

void LoadStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  write_under_way_ = false;
  if (!ok) broken_ = true;
  MaybeWrite();
}

void LoadStream::OnReadDone(bool ok) {
  if (!ok) return;
  v1::IngestResponse response;
  const bool sound =
      grpc::SerializationTraits<v1::IngestResponse>::Deserialize(&reading_, &response).ok();
  absl::MutexLock lock(&mutex_);
  if (sound) Take(response);
  reading_.Clear();
  StartRead(&reading_);
  MaybeWrite();
}

void LoadStream::Take(const v1::IngestResponse& response) {
  const auto found = unanswered_.find(response.request_index());
  if (found == unanswered_.end()) return;
  const Sent sent = found->second;
  unanswered_.erase(found);
  switch (response.result()) {
    case v1::INGEST_RESULT_COUNTED:
      ++counts_.counted;
      counts_.rows += response.rows_counted();
      counts_.bytes += batches_->batches[sent.batch].size();
      break;
    case v1::INGEST_RESULT_DUPLICATE:
      ++counts_.duplicate;
      break;
    case v1::INGEST_RESULT_RETRY:
      ++counts_.retries;
      later_.push_back(sent);
      return;
    default:
      if (counts_.error.empty()) counts_.error = response.error().message();
      ++counts_.refused;
  }
  if (record_) {
    latencies_.push_back(
        std::chrono::duration<float>(std::chrono::steady_clock::now() - sent.time).count());
  }
}

void LoadStream::OnDone(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  broken_ = true;
  status_ = status;
  over_ = true;
}

}  // namespace plumbline::bench
