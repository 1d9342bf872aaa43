#include "client/outbox.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/status_details.h"

namespace plumbline::client {
namespace {

// A server that is short of memory resets streams in these words of gRPC's; what it has against a
// message it says in words of its own.
bool IsReset(const absl::Status& status) {
  return absl::StrContains(status.message(), "RST_STREAM");
}

// True if a stream that ended so may have been ended by what a message holds.
bool MayBeTheMessage(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return !IsReset(status);
    case absl::StatusCode::kOk:  // a server that could not parse the message may just hang up
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

}  // namespace

Outbox::Outbox(OutboxOptions options)
    : options_(std::move(options)), window_(options_.max_in_flight) {}

bool Outbox::HasRoomFor(size_t bytes) const {
  if (queue_.empty()) return true;
  return queue_.size() < options_.max_queued_batches &&
         queued_bytes_ + bytes <= options_.max_queued_bytes;
}

void Outbox::Push(v1::Batch batch) {
  auto item = std::make_unique<Item>();
  item->rows = batch.row_count();
  item->bytes = batch.ByteSizeLong();
  v1::NumberedBatch* numbered = item->request.mutable_batch();
  numbered->set_model(options_.model);
  numbered->set_version(options_.version);
  numbered->set_load(options_.load);
  *numbered->mutable_batch() = std::move(batch);
  queued_bytes_ += item->bytes;
  queue_.push_back(std::move(item));
}

void Outbox::DropOldest() {
  if (queue_.empty()) return;
  CountDropped(queue_.front()->request.batch().batch());
  queued_bytes_ -= queue_.front()->bytes;
  queue_.pop_front();
}

void Outbox::CountDropped(const v1::Batch& batch) {
  ++stats_.dropped;
  stats_.rows_dropped += batch.row_count();
}

void Outbox::PushDeclaration(const v1::Environment& environment, const std::string& source) {
  auto item = std::make_unique<Item>();
  v1::ProducerDeclaration* declaration = item->request.mutable_declaration();
  declaration->set_model(options_.model);
  declaration->set_version(options_.version);
  declaration->set_producer(options_.producer);
  declaration->set_epoch(options_.epoch);
  declaration->set_source(source);
  *declaration->mutable_environment() = environment;
  controls_.push_back(std::move(item));
}

void Outbox::PushEndEpoch() {
  auto item = std::make_unique<Item>();
  v1::EndEpoch* end = item->request.mutable_end_epoch();
  end->set_model(options_.model);
  end->set_version(options_.version);
  end->set_producer(options_.producer);
  end->set_epoch(options_.epoch);
  end->set_last_sequence(last_sequence_);
  controls_.push_back(std::move(item));
}

void Outbox::PushSkip(uint64_t sequence) {
  auto item = std::make_unique<Item>();
  v1::SkipRange* skip = item->request.mutable_skip_range();
  skip->set_model(options_.model);
  skip->set_version(options_.version);
  skip->set_producer(options_.producer);
  skip->set_epoch(options_.epoch);
  skip->set_first_sequence(sequence);
  skip->set_last_sequence(sequence);
  controls_.push_back(std::move(item));
}

bool Outbox::HasUnwritten() const {
  return !controls_.empty() || !resend_.empty() || !queue_.empty();
}

const v1::IngestRequest* Outbox::TakeNext(absl::Duration now) {
  const size_t limit = one_by_one_ ? 1 : window_.size();
  if (in_flight_.size() >= limit) return nullptr;
  if (!in_flight_.empty() && in_flight_bytes_ >= options_.max_in_flight_bytes) return nullptr;
  ItemPtr item = TakeWaiting();
  if (item == nullptr) return nullptr;
  in_flight_bytes_ += item->bytes;
  item->taken = now;
  writing_ = item.get();
  in_flight_[++stream_position_] = std::move(item);
  return &writing_->request;
}

Outbox::ItemPtr Outbox::TakeWaiting() {
  ItemPtr item;
  if (!controls_.empty()) {
    item = std::move(controls_.front());
    controls_.pop_front();
  } else if (!resend_.empty()) {
    item = std::move(resend_.begin()->second);
    resend_.erase(resend_.begin());
  } else if (!queue_.empty()) {
    item = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= item->bytes;
    Number(item.get());
  }
  return item;
}

void Outbox::Number(Item* item) {
  item->sequence = ++last_sequence_;
  v1::BatchNumber* number = item->request.mutable_batch()->mutable_number();
  number->set_producer(options_.producer);
  number->set_epoch(options_.epoch);
  number->set_sequence(item->sequence);
  ++stats_.sent;
  stats_.rows_sent += item->rows;
}

void Outbox::OnWritten() {
  writing_ = nullptr;
  answered_while_writing_.reset();
}

Outbox::InFlight::iterator Outbox::Find(const v1::IngestResponse& response) {
  const uint64_t sequence = response.number().sequence();
  auto found = in_flight_.find(response.request_index());
  if (found != in_flight_.end() && found->second->sequence == sequence) return found;
  if (sequence == 0) return in_flight_.end();
  for (found = in_flight_.begin(); found != in_flight_.end(); ++found) {
    if (found->second->sequence == sequence) break;
  }
  return found;
}

Outbox::Outcome Outbox::OnResponse(const v1::IngestResponse& response, absl::Duration now) {
  const auto found = Find(response);
  if (found == in_flight_.end()) return {};
  ItemPtr item = std::move(found->second);
  in_flight_.erase(found);
  in_flight_bytes_ -= item->bytes;
  window_.OnAnswer(now - item->taken);
  Outcome outcome;
  if (response.result() == v1::INGEST_RESULT_RETRY) {
    outcome.retry = true;
    outcome.retry_delay = RetryDelay(response.error());
    stats_.last_error = ToAbslStatus(response.error());
    Requeue(std::move(item));
    return outcome;
  }
  outcome = Settle(std::move(item), response);
  if (resend_.empty() && in_flight_.empty()) one_by_one_ = false;
  return outcome;
}

Outbox::Outcome Outbox::Settle(ItemPtr item, const v1::IngestResponse& response) {
  Outcome outcome;
  outcome.settled = true;
  const bool is_taken = response.result() == v1::INGEST_RESULT_COUNTED ||
                        response.result() == v1::INGEST_RESULT_DUPLICATE;
  absl::Status reason;
  if (!is_taken) {
    reason = ToAbslStatus(response.error());
    if (reason.ok()) reason = absl::UnknownError("refused without a reason");
    stats_.last_error = reason;
  }
  if (item->sequence == 0) {
    if (item->request.has_end_epoch()) end_epoch_answer_ = reason;
    if (item->request.has_declaration() && !is_taken) outcome.refusal = Refusal{0, 0, reason};
  } else if (!is_taken) {
    outcome.refusal = Refuse(*item, reason);
  } else {
    ++stats_.acknowledged;
    stats_.rows_counted += response.rows_counted();
    stats_.rows_late += response.rows_late();
    if (response.result() == v1::INGEST_RESULT_DUPLICATE) {
      ++stats_.duplicates;
      stats_.rows_duplicate += item->rows;
    }
  }
  if (writing_ == item.get()) answered_while_writing_ = std::move(item);
  return outcome;
}

Refusal Outbox::Refuse(const Item& item, absl::Status reason) {
  ++stats_.refused;
  stats_.rows_refused += item.rows;
  return Refusal{item.sequence, item.rows, std::move(reason)};
}

void Outbox::Requeue(ItemPtr item) {
  if (item->sequence == 0) {
    controls_.push_back(std::move(item));
    return;
  }
  ++stats_.retries;
  const uint64_t sequence = item->sequence;
  resend_[sequence] = std::move(item);
}

std::optional<Refusal> Outbox::OnStreamEnded(const absl::Status& status,
                                             bool server_asks_to_retry) {
  OnWritten();
  std::optional<Refusal> refusal;
  if (!in_flight_.empty()) {
    stats_.last_error =
        status.ok() ? absl::UnavailableError("the server ended the stream before it answered")
                    : status;
    if (MayBeTheMessage(status) && !server_asks_to_retry) {
      Item* suspect = in_flight_.begin()->second.get();
      one_by_one_ = true;
      if (in_flight_.size() == 1 && suspect->sequence != 0 &&
          ++suspect->strikes >= options_.max_strikes) {
        const absl::Status reason(stats_.last_error.code(),
                                  absl::StrCat("given up: it ended ", suspect->strikes,
                                               " streams: ", stats_.last_error.message()));
        refusal = Refuse(*suspect, reason);
        stats_.last_error = reason;
        PushSkip(suspect->sequence);
        in_flight_.clear();
      }
    }
  }
  for (auto& [position, item] : in_flight_) Requeue(std::move(item));
  in_flight_.clear();
  in_flight_bytes_ = 0;
  stream_position_ = 0;
  if (resend_.empty()) one_by_one_ = false;
  return refusal;
}

SenderStats Outbox::stats() const {
  SenderStats stats = stats_;
  stats.waiting = queue_.size() + resend_.size();
  for (const auto& [position, item] : in_flight_) stats.waiting += item->sequence != 0 ? 1 : 0;
  return stats;
}

}  // namespace plumbline::client
