#include "server/transport/ingest_stream.h"

#include <utility>
#include <vector>

#include "server/transport/status.h"

namespace plumbline::transport {

void StreamRegistry::Add(IngestStream* stream) {
  bool drain = false;
  {
    base::MutexLock lock(&mutex_);
    streams_.insert(stream);
    drain = draining_;
  }
  if (drain) stream->Drain();
}

void StreamRegistry::Remove(IngestStream* stream) {
  base::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void StreamRegistry::Drain() {
  base::MutexLock lock(&mutex_);
  draining_ = true;
  // A stream takes itself out (OnDone) on another thread, and waits for this lock.
  for (IngestStream* stream : streams_) stream->Drain();
}

bool StreamRegistry::draining() const {
  base::MutexLock lock(&mutex_);
  return draining_;
}

namespace {

// An answer to `request` that says which one it was.
v1::IngestResponse ResponseTo(const v1::IngestRequest& request, uint64_t index) {
  v1::IngestResponse response;
  response.set_request_index(index);
  const auto name = [&](const std::string& model, const std::string& producer, uint64_t epoch,
                        uint64_t sequence) {
    response.set_model(model);
    response.mutable_number()->set_producer(producer);
    response.mutable_number()->set_epoch(epoch);
    response.mutable_number()->set_sequence(sequence);
  };
  switch (request.payload_case()) {
    case v1::IngestRequest::kBatch: {
      const v1::BatchNumber& number = request.batch().number();
      name(request.batch().model(), number.producer(), number.epoch(), number.sequence());
      break;
    }
    case v1::IngestRequest::kSkipRange:
      name(request.skip_range().model(), request.skip_range().producer(),
           request.skip_range().epoch(), 0);
      break;
    case v1::IngestRequest::kEndEpoch:
      name(request.end_epoch().model(), request.end_epoch().producer(), request.end_epoch().epoch(),
           0);
      break;
    case v1::IngestRequest::kDeclaration:
      name(request.declaration().model(), request.declaration().producer(),
           request.declaration().epoch(), 0);
      break;
    case v1::IngestRequest::PAYLOAD_NOT_SET:
      break;
  }
  return response;
}

engine::IngestOutcome TooMuchWaits() {
  return engine::RetryOutcome(
      engine::IngestReason::kReceivedBytes,
      absl::ResourceExhaustedError(
          "the messages that wait to be read take all the memory they may (max_receive_mib)"));
}

}  // namespace

IngestStream::IngestStream(engine::Engine* engine, const base::Clock* clock, InflightBudget* budget,
                           StreamRegistry* registry, OpenCalls* calls)
    : engine_(engine), clock_(clock), budget_(budget), registry_(registry), open_(calls) {
  registry_->Add(this);
  base::MutexLock lock(&mutex_);
  MaybeRead();
}

void IngestStream::OnReadDone(bool ok) {
  size_t bytes = 0, message_bytes = 0;
  {
    base::MutexLock lock(&mutex_);
    read_under_way_ = false;
    if (!ok) {
      reads_over_ = true;
      MaybeFinish();
      return;
    }
    if (finished_) return;  // came in after a drain: never counted, never answered
    arrived_.Swap(&reading_);
    message_bytes = arrived_.Length();
    bytes = ExpectedFootprint(message_bytes);
    ++in_flight_;
    bytes_in_flight_ += bytes;
    handling_ = true;
  }
  switch (budget_->TakeOrWait(bytes, message_bytes, [this] { AdmitSoon(); })) {
    case InflightBudget::Taken::kNow:
      Admit();
      break;
    case InflightBudget::Taken::kLater:
      break;
    case InflightBudget::Taken::kNever:
      TurnAway(bytes);
      break;
  }
}

void IngestStream::TurnAway(size_t bytes) {
  engine_->CountAnswer(TooMuchWaits());
  base::MutexLock lock(&mutex_);
  arrived_.Clear();
  --in_flight_;
  bytes_in_flight_ -= bytes;
  handling_ = false;
  turned_away_ = true;
  MaybeFinish();
}

void IngestStream::AdmitSoon() {
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(gpr_inf_past(GPR_CLOCK_MONOTONIC), [this](bool) { Admit(); });
}

void IngestStream::Admit() {
  grpc::ByteBuffer bytes;
  uint64_t index = 0;
  {
    base::MutexLock lock(&mutex_);
    bytes.Swap(&arrived_);
    index = next_index_++;
  }
  Handle(bytes, index);
  // Not before: batches of one stream go to the engine in the order in which they came.
  base::MutexLock lock(&mutex_);
  handling_ = false;
  MaybeRead();
  MaybeFinish();
}

void IngestStream::Handle(const grpc::ByteBuffer& bytes, uint64_t index) {
  auto request = std::make_unique<Request>(bytes);
  const bool sound = request->sound();
  size_t footprint = ExpectedFootprint(bytes.Length());
  if (request->footprint() > footprint) {
    const size_t more = request->footprint() - footprint;
    footprint += more;
    budget_->TakeMore(InflightBudget::Kind::kStream, more);
    base::MutexLock lock(&mutex_);
    bytes_in_flight_ += more;
  }
  engine::IngestDone answer = [this, footprint, response = ResponseTo(request->get(), index)](
                                  const engine::IngestOutcome& outcome) mutable {
    engine_->CountAnswer(outcome);
    response.set_result(ToWire(outcome.result));
    response.set_rows_counted(outcome.rows_counted);
    response.set_rows_late(outcome.rows_late);
    if (!outcome.error.ok()) {
      *response.mutable_error() = ToRpcStatus(outcome.error, outcome.violations);
    }
    Answer(response, footprint);
  };
  if (sound) {
    Dispatch(std::move(request), std::move(answer));
  } else {
    HandleBroken(request->get().batch(), engine_, std::move(answer));
  }
}

void IngestStream::Dispatch(std::unique_ptr<Request> request, engine::IngestDone answer) {
  const v1::IngestRequest& message = request->get();
  const absl::Span<const ColumnBytes> values = request->values();
  switch (message.payload_case()) {
    case v1::IngestRequest::kBatch:
      HandleBatch(message.batch(), values, std::move(request), engine_, clock_, std::move(answer));
      break;
    case v1::IngestRequest::kSkipRange:
      HandleSkip(message.skip_range(), engine_, std::move(answer));
      break;
    case v1::IngestRequest::kEndEpoch:
      HandleEnd(message.end_epoch(), engine_, std::move(answer));
      break;
    case v1::IngestRequest::kDeclaration:
      HandleDeclaration(message.declaration(), engine_, std::move(answer));
      break;
    case v1::IngestRequest::PAYLOAD_NOT_SET:
      answer(engine::RefusedOutcome(
          engine::IngestReason::kBadContract, absl::InvalidArgumentError("the request is empty"),
          {{"payload", "one of batch, skip_range, end_epoch and declaration must be set"}}));
      break;
  }
}

void IngestStream::Answer(const v1::IngestResponse& response, size_t bytes) {
  budget_->Give(InflightBudget::Kind::kStream, bytes);
  base::MutexLock lock(&mutex_);
  --in_flight_;
  bytes_in_flight_ -= bytes;
  if (!writes_over_) answers_.push_back(ToBytes(response));
  MaybeWrite();
  MaybeRead();
  MaybeFinish();
}

void IngestStream::OnWriteDone(bool ok) {
  base::MutexLock lock(&mutex_);
  write_under_way_ = false;
  if (ok) {
    answers_.pop_front();
  } else {
    writes_over_ = true;
    answers_.clear();
  }
  MaybeWrite();
  MaybeRead();
  MaybeFinish();
}

void IngestStream::MaybeRead() {
  // Answers that the client does not read count too: they must not pile up.
  if (handling_ || read_under_way_ || reads_over_ || draining_ || turned_away_ || finished_ ||
      in_flight_ + answers_.size() >= kMaxInFlight || bytes_in_flight_ >= kMaxBytesInFlight) {
    return;
  }
  read_under_way_ = true;
  reading_.Clear();
  StartRead(&reading_);
}

void IngestStream::MaybeWrite() {
  if (write_under_way_ || answers_.empty() || finished_) return;
  write_under_way_ = true;
  // More answers are to come: one write to the socket may carry them all.
  grpc::WriteOptions options;
  if (answers_.size() > 1) options.set_buffer_hint();
  StartWrite(&answers_.front(), options);
}

void IngestStream::MaybeFinish() {
  const bool over = reads_over_ || draining_ || turned_away_;
  // Not before the last answer: engine callbacks hold `this`.
  if (finished_ || !over || handling_ || in_flight_ > 0 || write_under_way_ || !answers_.empty()) {
    return;
  }
  finished_ = true;
  if (turned_away_) {
    Finish(ToGrpcStatus(TooMuchWaits().error));
  } else if (reads_over_) {
    Finish(grpc::Status::OK);
  } else {
    Finish(ToGrpcStatus(absl::UnavailableError("the server is shutting down")));
  }
}

void IngestStream::Drain() {
  base::MutexLock lock(&mutex_);
  draining_ = true;
  MaybeFinish();
}

void IngestStream::OnDone() {
  registry_->Remove(this);
  // Whoever called Finish may still be leaving the lock.
  { base::MutexLock lock(&mutex_); }
  delete this;
}

}  // namespace plumbline::transport
