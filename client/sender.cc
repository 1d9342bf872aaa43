#include "client/sender.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/channel.h"
#include "client/environment_manifest.h"
#include "client/status_details.h"
#include "client/utf8.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxKeyBytes = 128;
constexpr absl::Duration kLongestPause = absl::Minutes(5);

absl::Duration SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

OutboxOptions ToOutboxOptions(const SenderOptions& options) {
  OutboxOptions outbox;
  outbox.model = options.model;
  outbox.version = options.version;
  outbox.producer = options.producer;
  outbox.epoch = options.epoch;
  outbox.load = options.load;
  outbox.max_queued_batches = options.max_queued_batches;
  outbox.max_queued_bytes = options.max_queued_bytes;
  outbox.max_in_flight = options.max_in_flight;
  outbox.max_in_flight_bytes = options.max_in_flight_bytes;
  outbox.max_strikes = options.max_strikes;
  return outbox;
}

absl::Status CheckName(absl::string_view what, const std::string& name) {
  if (!name.empty() && name.size() <= kMaxKeyBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": 1 to ", kMaxKeyBytes, " bytes, not ", name.size()));
}

// No message takes another text: a stream that has one would break on every try.
absl::Status CheckTexts(const SenderOptions& options) {
  const std::pair<absl::string_view, absl::string_view> texts[] = {{"model", options.model},
                                                                   {"version", options.version},
                                                                   {"producer", options.producer},
                                                                   {"load", options.load},
                                                                   {"source", options.source}};
  for (const auto& [what, text] : texts) {
    if (IsValidUtf8(text)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": `", absl::CHexEscape(text), "` is not valid UTF-8"));
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t NewEpoch() { return static_cast<uint64_t>(absl::ToUnixMicros(absl::Now())); }

// One call of Ingest. gRPC calls On...; the sender's thread calls the rest, never with the sender's
// mutex held. Ends in this order: the sender calls Release(), gRPC calls OnDone(), the sender
// destroys it.
class Sender::Stream final : public grpc::ClientBidiReactor<v1::IngestRequest, v1::IngestResponse> {
 public:
  Stream(Sender* sender, v1::IngestService::Stub* stub) : sender_(sender) {
    stub->async()->Ingest(&context_, this);
    AddHold();  // writes are started from outside of reactions
    StartRead(&response_);
    StartCall();
  }

  void Write(const v1::IngestRequest* request) { StartWrite(request); }
  void Cancel() { context_.TryCancel(); }
  void Release() { RemoveHold(); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Set(&broken_);
      return;
    }
    sender_->OnResponse(response_);
    response_.Clear();
    StartRead(&response_);
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&sender_->mutex_);
    writing_ = false;
    if (ok) {
      sender_->outbox_.OnWritten();
    } else {
      broken_ = true;
    }
    sender_->changed_.SignalAll();
  }

  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&sender_->mutex_);
    status_ = status;
    done_ = true;
    sender_->changed_.SignalAll();
  }

  // Protected by the sender's mutex_.
  bool writing_ = false;
  bool broken_ = false;
  bool done_ = false;
  grpc::Status status_;

 private:
  void Set(bool* flag) {
    absl::MutexLock lock(&sender_->mutex_);
    *flag = true;
    sender_->changed_.SignalAll();
  }

  Sender* const sender_;
  grpc::ClientContext context_;
  v1::IngestResponse response_;
};

absl::StatusOr<std::unique_ptr<Sender>> Sender::Create(SenderOptions options) {
  absl::Status status = CheckName("model", options.model);
  if (status.ok()) status = CheckName("producer", options.producer);
  if (status.ok()) status = CheckTexts(options);
  if (!status.ok()) return status;
  if (options.epoch == 0) return absl::InvalidArgumentError("epoch: 1 or more");
  if (options.max_queued_batches == 0 || options.max_queued_bytes == 0 ||
      options.max_in_flight == 0 || options.max_strikes < 1) {
    return absl::InvalidArgumentError("the limits of a sender: 1 or more");
  }
  if (options.environment.has_value()) {
    status = ToManifest(*options.environment).status();
    if (!status.ok()) return status;
  }
  return std::unique_ptr<Sender>(new Sender(std::move(options)));
}

Sender::Sender(SenderOptions options)
    : options_(std::move(options)),
      stub_(v1::IngestService::NewStub(NewChannel(options_.server, options_.credentials))),
      outbox_(ToOutboxOptions(options_)),
      backoff_(options_.initial_backoff, options_.max_backoff),
      last_progress_(SteadyNow()),
      last_response_(last_progress_) {
  if (options_.environment.has_value()) {
    absl::MutexLock lock(&mutex_);
    outbox_.PushDeclaration(*options_.environment, options_.source);
  }
  thread_ = std::thread([this] { Run(); });
}

Sender::~Sender() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

bool Sender::Send(v1::Batch batch) {
  const size_t bytes = batch.ByteSizeLong();
  absl::MutexLock lock(&mutex_);
  if (finished_ || !failure_.ok() || bytes > options_.max_queued_bytes) {
    outbox_.CountDropped(batch);
    return false;
  }
  bool dropped = false;
  while (!outbox_.HasRoomFor(bytes)) {
    outbox_.DropOldest();
    dropped = true;
  }
  Enqueue(std::move(batch));
  return !dropped;
}

absl::Status Sender::SendBlocking(v1::Batch batch) {
  const size_t bytes = batch.ByteSizeLong();
  absl::MutexLock lock(&mutex_);
  while (!finished_ && failure_.ok() && !outbox_.HasRoomFor(bytes)) changed_.Wait(&mutex_);
  if (finished_ || !failure_.ok()) {
    outbox_.CountDropped(batch);
    return finished_ ? absl::FailedPreconditionError("the sender is finished") : failure_;
  }
  Enqueue(std::move(batch));
  return absl::OkStatus();
}

void Sender::Enqueue(v1::Batch batch) {
  if (outbox_.IsIdle()) last_progress_ = SteadyNow();
  outbox_.Push(std::move(batch));
  changed_.SignalAll();
}

absl::Status Sender::Flush(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  return AwaitIdle(timeout);
}

absl::Status Sender::Finish(absl::Duration timeout) {
  const absl::Duration deadline = SteadyNow() + timeout;
  absl::MutexLock lock(&mutex_);
  finished_ = true;
  changed_.SignalAll();
  absl::Status status = AwaitIdle(timeout);
  if (!status.ok()) return status;
  if (!end_epoch_pushed_) {
    end_epoch_pushed_ = true;
    last_progress_ = SteadyNow();
    outbox_.PushEndEpoch();
    changed_.SignalAll();
  }
  status = AwaitIdle(deadline - SteadyNow());
  if (!status.ok()) return status;
  return outbox_.end_epoch_answer().value_or(absl::OkStatus());
}

absl::Status Sender::AwaitIdle(absl::Duration timeout) {
  const absl::Duration deadline = SteadyNow() + timeout;
  while (failure_.ok() && !outbox_.IsIdle()) {
    const absl::Duration left = deadline - SteadyNow();
    if (left <= absl::ZeroDuration()) {
      const SenderStats now = outbox_.stats();
      std::string message = absl::StrCat(now.waiting, " batches still wait");
      if (!now.last_error.ok()) absl::StrAppend(&message, ": ", now.last_error.message());
      return absl::DeadlineExceededError(message);
    }
    changed_.WaitWithTimeout(&mutex_, left);
  }
  return failure_;
}

SenderStats Sender::stats() const {
  absl::MutexLock lock(&mutex_);
  return outbox_.stats();
}

void Sender::Run() {
  absl::MutexLock lock(&mutex_);
  while (true) {
    while (!stop_ && !HasTask()) changed_.Wait(&mutex_);
    if (stop_) return;
    Pause();
    if (!stop_ && HasTask()) RunStream();
  }
}

bool Sender::HasTask() const { return failure_.ok() && outbox_.HasUnwritten(); }

// Waits until pause_until_, unless there is a reason to look up.
void Sender::Pause() {
  while (!stop_ && failure_.ok()) {
    const absl::Duration left = pause_until_ - SteadyNow();
    if (left <= absl::ZeroDuration()) return;
    const absl::Duration patience = last_progress_ + options_.give_up_after - SteadyNow();
    changed_.WaitWithTimeout(&mutex_, std::min(left, std::max(patience, absl::ZeroDuration())));
    CheckGiveUp();
  }
}

void Sender::RunStream() {
  last_response_ = SteadyNow();
  mutex_.Unlock();
  auto stream = std::make_unique<Stream>(this, stub_.get());
  mutex_.Lock();
  Drive(stream.get());
  Close(stream.get());
  const grpc::Status status = stream->status_;
  mutex_.Unlock();
  stream.reset();
  mutex_.Lock();
  AfterStream(status);
}

// Writes what waits until the stream breaks, goes silent, or the sender stops or fails.
void Sender::Drive(Stream* stream) {
  while (!stop_ && !stream->broken_ && failure_.ok()) {
    const absl::Duration now = SteadyNow();
    if (!outbox_.HasInFlight()) last_response_ = now;  // nothing was asked, nothing is missing
    if (!stream->writing_ && now >= pause_until_) {
      const v1::IngestRequest* request = outbox_.TakeNext(now);
      if (request != nullptr) {
        stream->writing_ = true;
        changed_.SignalAll();  // there is room in the queue
        mutex_.Unlock();
        stream->Write(request);
        mutex_.Lock();
        continue;
      }
    }
    absl::Duration wait = absl::InfiniteDuration();
    if (outbox_.HasInFlight()) wait = last_response_ + options_.ack_timeout - now;
    if (wait <= absl::ZeroDuration()) return;  // nobody answers
    if (!outbox_.IsIdle()) wait = std::min(wait, last_progress_ + options_.give_up_after - now);
    if (outbox_.HasUnwritten() && pause_until_ > now) wait = std::min(wait, pause_until_ - now);
    changed_.WaitWithTimeout(&mutex_, std::max(wait, absl::ZeroDuration()));
    CheckGiveUp();
  }
}

// Waits for gRPC to let go of the stream. One that broke ends by itself with a status worth
// knowing; if it does not, or there is no time, it is cancelled.
void Sender::Close(Stream* stream) {
  constexpr absl::Duration kPatience = absl::Seconds(5);
  const absl::Duration cancel_at =
      stream->broken_ ? SteadyNow() + kPatience : -absl::InfiniteDuration();
  bool cancelled = false;
  bool released = false;
  while (!stream->done_) {
    const bool cancel = !cancelled && (stop_ || SteadyNow() >= cancel_at);
    if (cancel || !released) {
      mutex_.Unlock();
      if (cancel) stream->Cancel();
      if (!released) stream->Release();
      mutex_.Lock();
      cancelled = cancelled || cancel;
      released = true;
      continue;
    }
    changed_.WaitWithTimeout(&mutex_,
                             cancelled ? kPatience : std::min(kPatience, cancel_at - SteadyNow()));
  }
}

void Sender::AfterStream(const grpc::Status& status) {
  const google::rpc::Status details = RpcStatus(status);
  const std::optional<absl::Duration> delay = RetryDelay(details);
  const bool had_in_flight = outbox_.HasInFlight();
  const std::optional<Refusal> refusal =
      outbox_.OnStreamEnded(ToAbslStatus(status), delay.has_value());
  if (refusal.has_value()) {
    last_progress_ = SteadyNow();
    backoff_.Reset();
  } else if (!status.ok() || had_in_flight) {
    if (!status.ok() && !stop_) outbox_.set_last_error(ToAbslStatus(status));
    PauseFor(delay.value_or(absl::ZeroDuration()));
  }
  CheckGiveUp();
  changed_.SignalAll();
  if (refusal.has_value() && options_.on_refused) {
    mutex_.Unlock();
    options_.on_refused(*refusal);
    mutex_.Lock();
  }
}

void Sender::CheckGiveUp() {
  if (!failure_.ok() || outbox_.IsIdle()) return;
  if (SteadyNow() - last_progress_ < options_.give_up_after) return;
  const SenderStats now = outbox_.stats();
  std::string message = absl::StrCat("gave up after ", absl::FormatDuration(options_.give_up_after),
                                     " with ", now.waiting, " batches undelivered");
  if (!now.last_error.ok()) absl::StrAppend(&message, ": ", now.last_error.message());
  failure_ = absl::UnavailableError(message);
  changed_.SignalAll();
}

void Sender::PauseFor(absl::Duration delay) {
  const absl::Duration now = SteadyNow();
  if (now >= pause_until_) pause_until_ = now + backoff_.Next();
  pause_until_ = std::max(pause_until_, now + backoff_.Stretch(std::min(delay, kLongestPause)));
}

void Sender::OnResponse(const v1::IngestResponse& response) {
  Outbox::Outcome outcome;
  {
    absl::MutexLock lock(&mutex_);
    last_response_ = SteadyNow();
    outcome = outbox_.OnResponse(response, last_response_);
    if (outcome.settled) {
      last_progress_ = last_response_;
      backoff_.Reset();
    }
    if (outcome.retry) PauseFor(outcome.retry_delay.value_or(absl::ZeroDuration()));
    changed_.SignalAll();
  }
  if (outcome.refusal.has_value() && options_.on_refused) options_.on_refused(*outcome.refusal);
}

}  // namespace plumbline::client
