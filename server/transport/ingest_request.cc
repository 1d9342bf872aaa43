#include "server/transport/ingest_request.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/transport/convert.h"
#include "server/transport/convert_environment.h"
#include "server/transport/status.h"
#include "server/transport/wire_batch.h"

namespace plumbline::transport {
namespace {

using engine::IngestDone;
using engine::IngestOutcome;
using engine::IngestReason;
using engine::RefusedOutcome;

constexpr size_t kMaxProducerBytes = 128;
constexpr size_t kMaxLoadBytes = 128;

void CheckProducer(const std::string& field, const std::string& producer,
                   std::vector<profile::FieldViolation>* violations) {
  if (producer.size() <= kMaxProducerBytes) return;
  violations->push_back({field, absl::StrCat("the producer has ", producer.size(),
                                             " bytes; at most ", kMaxProducerBytes)});
}

// A number that is none is not recorded as refused.
void CheckNumber(const v1::BatchNumber& number, std::vector<profile::FieldViolation>* violations) {
  CheckProducer("number.producer", number.producer(), violations);
  if (!number.producer().empty() && number.sequence() == 0) {
    violations->push_back({"number.sequence", "a numbered batch counts from 1; this one is 0"});
  }
  if (number.producer().empty() && number.sequence() != 0) {
    violations->push_back({"number.producer", "a batch with a sequence number needs a producer"});
  }
}

void CheckLoad(const std::string& load, std::vector<profile::FieldViolation>* violations) {
  if (load.size() <= kMaxLoadBytes) return;
  violations->push_back({"load", absl::StrCat("the name of the load has ", load.size(),
                                              " bytes; at most ", kMaxLoadBytes)});
}

// BeginLoadRequest and EndLoadRequest have the same fields.
template <class Request>
absl::StatusOr<v1::Load> DeclareLoad(const Request& request, bool ends, engine::Engine* engine) {
  auto key = engine->Resolve(request.model(), request.version());
  if (!key.ok()) return key.status();
  std::vector<profile::FieldViolation> violations;
  if (request.load().empty()) violations.push_back({"load", "the load has no name"});
  CheckLoad(request.load(), &violations);
  engine::LoadDeclaration declaration;
  declaration.name = request.load();
  declaration.ends = ends;
  if (request.has_row_count()) declaration.rows = request.row_count();
  if (!request.digest().empty()) {
    declaration.digest = manifest::ParseDigest(request.digest());
    if (!declaration.digest.has_value()) {
      violations.push_back(
          {"digest", absl::StrCat("\"", request.digest(), "\" is not 32 hex digits")});
    }
  }
  if (!violations.empty()) return ViolationsStatus(violations);
  const auto load = engine->DeclareLoad(*key, declaration);
  if (!load.ok()) return load.status();
  return ToWire(*load);
}

void CheckTimes(const profile::BatchView& view, absl::Time now, absl::Duration skew,
                std::vector<profile::FieldViolation>* violations) {
  const int64_t newest = absl::ToUnixMicros(now + skew);
  const auto add = [&](std::string field, int64_t micros) {
    violations->push_back(
        {std::move(field),
         absl::StrCat(
             "event time ", absl::FormatTime(absl::FromUnixMicros(micros), absl::UTCTimeZone()),
             " is more than ", absl::FormatDuration(skew), " ahead of the server's clock")});
  };
  if (view.event_micros.has_value() && *view.event_micros > newest) {
    add("batch.event_time", *view.event_micros);
  }
  for (size_t row = 0; row < view.row_event_micros.size(); ++row) {
    if (view.row_event_micros[row] <= newest) continue;
    add(absl::StrCat("batch.event_times.unix_micros[", row, "]"), view.row_event_micros[row]);
    return;  // one is enough to mend the producer
  }
}

engine::IngestNote NoteOf(engine::ModelKey key, engine::IngestNote::Kind kind,
                          const std::string& producer, uint64_t epoch) {
  engine::IngestNote note;
  note.key = std::move(key);
  note.kind = kind;
  note.producer = producer;
  note.epoch = epoch;
  return note;
}

void CheckNamedProducer(const std::string& field, const std::string& producer,
                        std::vector<profile::FieldViolation>* violations) {
  if (producer.empty()) violations->push_back({field, "the producer has no name"});
  CheckProducer(field, producer, violations);
}

// The model of a request without rows; nullopt if the request was answered with a refusal.
std::optional<engine::ModelKey> KeyOf(const std::string& model, const std::string& version,
                                      const std::vector<profile::FieldViolation>& violations,
                                      const engine::Engine* engine, IngestDone* answer) {
  auto key = engine->Resolve(model, version);
  if (!key.ok()) {
    (*answer)(RefusedOutcome(IngestReason::kUnknownModel, key.status()));
    return std::nullopt;
  }
  if (!violations.empty()) {
    (*answer)(RefusedOutcome(IngestReason::kBadContract, ViolationsStatus(violations), violations));
    return std::nullopt;
  }
  return *std::move(key);
}

// Answers once the refusal is recorded.
void NoteRefusal(engine::ModelKey key, const v1::BatchNumber& number, IngestReason reason,
                 const absl::Status& why, std::vector<profile::FieldViolation> violations,
                 engine::Engine* engine, IngestDone answer) {
  const std::string words = key.InWords();
  engine::IngestNote note =
      NoteOf(std::move(key), engine::IngestNote::Kind::kRefused, number.producer(), number.epoch());
  note.first = number.sequence();
  note.last = number.sequence();
  note.refusal = absl::InvalidArgumentError(absl::StrCat(words, ": ", why.message()));
  note.reason = reason;
  note.violations = std::move(violations);
  note.done = std::move(answer);
  engine->Note(std::move(note));
}

// What breaks the contract of a declaration; else its environment goes into `environment`.
std::vector<profile::FieldViolation> CheckDeclaration(const v1::ProducerDeclaration& declaration,
                                                      manifest::Environment* environment) {
  std::vector<profile::FieldViolation> violations;
  CheckNamedProducer("declaration.producer", declaration.producer(), &violations);
  const size_t source_bytes = declaration.source().size();
  const size_t max_source_bytes = profile::BatchLimits().max_source_bytes;
  if (source_bytes > max_source_bytes) {
    violations.push_back(
        {"declaration.source",
         absl::StrCat("the source has ", source_bytes, " bytes; at most ", max_source_bytes)});
  }
  auto read = FromWire(declaration.environment());
  if (!read.ok()) {
    violations.push_back({"declaration.environment", std::string(read.status().message())});
  } else if (read->empty()) {
    violations.push_back({"declaration.environment", "it is empty"});
  } else {
    *environment = *std::move(read);
  }
  return violations;
}

engine::IngestNote NoteOf(engine::ModelKey key, const v1::ProducerDeclaration& declaration,
                          manifest::Environment environment) {
  engine::IngestNote note = NoteOf(std::move(key), engine::IngestNote::Kind::kEnvironment,
                                   declaration.producer(), declaration.epoch());
  note.environment = std::make_shared<const manifest::Environment>(std::move(environment));
  note.source = declaration.source();
  return note;
}

}  // namespace

void HandleBatch(const v1::NumberedBatch& batch, absl::Span<const ColumnBytes> values,
                 std::unique_ptr<engine::BatchOwner> owner, engine::Engine* engine,
                 const base::Clock* clock, IngestDone answer) {
  auto key = engine->Resolve(batch.model(), batch.version());
  if (!key.ok()) {
    answer(RefusedOutcome(IngestReason::kUnknownModel, key.status()));
    return;
  }
  const v1::BatchNumber& number = batch.number();
  std::vector<profile::FieldViolation> violations;
  CheckNumber(number, &violations);
  CheckLoad(batch.load(), &violations);
  const bool numbered = violations.empty() && !number.producer().empty();
  const std::vector<profile::FieldViolation> wire = ValidateWire(batch.batch());
  violations.insert(violations.end(), wire.begin(), wire.end());
  profile::BatchView view;
  IngestReason reason = IngestReason::kBadContract;
  if (violations.empty()) {
    view = ViewOf(batch.batch(), values);
    violations = profile::ValidateBatch(view);
    if (violations.empty()) reason = IngestReason::kFutureTime;
    CheckTimes(view, clock->Now(), engine->MaxFutureSkew(*key), &violations);
  }
  if (!violations.empty()) {
    const absl::Status why = ViolationsStatus(violations);
    NoteRefusal(*std::move(key), numbered ? number : v1::BatchNumber(), reason, why,
                std::move(violations), engine, std::move(answer));
    return;
  }
  engine::IngestBatch item;
  item.key = *std::move(key);
  item.number = {number.producer(), number.epoch(), number.sequence()};
  item.view = std::move(view);
  if (!batch.load().empty()) item.load = engine::LoadRows{.name = batch.load(), .rows = {}};
  item.owner = std::move(owner);
  item.done = std::move(answer);
  engine->Ingest(std::move(item));
}

void HandleBroken(const v1::NumberedBatch& batch, engine::Engine* engine, IngestDone answer) {
  const absl::Status why = absl::InvalidArgumentError(
      "the message cannot be parsed: a text that is not UTF-8, or damaged bytes");
  std::vector<profile::FieldViolation> violations;
  CheckNumber(batch.number(), &violations);
  auto key = engine->Resolve(batch.model(), batch.version());
  if (!key.ok() || !violations.empty()) {
    answer(RefusedOutcome(key.ok() ? IngestReason::kUnreadable : IngestReason::kUnknownModel, why));
    return;
  }
  NoteRefusal(*std::move(key), batch.number(), IngestReason::kUnreadable, why, {}, engine,
              std::move(answer));
}

void HandleSkip(const v1::SkipRange& skip, engine::Engine* engine, IngestDone answer) {
  std::vector<profile::FieldViolation> violations;
  CheckNamedProducer("skip_range.producer", skip.producer(), &violations);
  if (skip.first_sequence() == 0 || skip.last_sequence() < skip.first_sequence()) {
    violations.push_back({"skip_range.first_sequence",
                          absl::StrCat(skip.first_sequence(), " to ", skip.last_sequence(),
                                       " is not a range of sequence numbers")});
  }
  auto key = KeyOf(skip.model(), skip.version(), violations, engine, &answer);
  if (!key.has_value()) return;
  engine::IngestNote note =
      NoteOf(*std::move(key), engine::IngestNote::Kind::kSkip, skip.producer(), skip.epoch());
  note.first = skip.first_sequence();
  note.last = skip.last_sequence();
  note.done = std::move(answer);
  engine->Note(std::move(note));
}

void HandleEnd(const v1::EndEpoch& end, engine::Engine* engine, IngestDone answer) {
  std::vector<profile::FieldViolation> violations;
  CheckNamedProducer("end_epoch.producer", end.producer(), &violations);
  auto key = KeyOf(end.model(), end.version(), violations, engine, &answer);
  if (!key.has_value()) return;
  engine::IngestNote note =
      NoteOf(*std::move(key), engine::IngestNote::Kind::kEnd, end.producer(), end.epoch());
  note.last = end.last_sequence();
  note.done = std::move(answer);
  engine->Note(std::move(note));
}

void HandleDeclaration(const v1::ProducerDeclaration& declaration, engine::Engine* engine,
                       IngestDone answer) {
  manifest::Environment environment;
  const auto violations = CheckDeclaration(declaration, &environment);
  auto key = KeyOf(declaration.model(), declaration.version(), violations, engine, &answer);
  if (!key.has_value()) return;
  engine::IngestNote note = NoteOf(*std::move(key), declaration, std::move(environment));
  note.done = std::move(answer);
  engine->Note(std::move(note));
}

absl::StatusOr<v1::DeclareEnvironmentResponse> Declare(const v1::ProducerDeclaration& declaration,
                                                       engine::Engine* engine) {
  auto key = engine->Resolve(declaration.model(), declaration.version());
  if (!key.ok()) return key.status();
  manifest::Environment environment;
  const auto violations = CheckDeclaration(declaration, &environment);
  if (!violations.empty()) return ViolationsStatus(violations);
  const auto comparison =
      engine->DeclareEnvironment(NoteOf(*std::move(key), declaration, std::move(environment)));
  if (!comparison.ok()) return comparison.status();
  v1::DeclareEnvironmentResponse response;
  if (comparison->has_value()) *response.mutable_comparison() = ToWire(**comparison);
  return response;
}

absl::StatusOr<v1::Load> BeginLoad(const v1::BeginLoadRequest& begin, engine::Engine* engine) {
  return DeclareLoad(begin, /*ends=*/false, engine);
}

absl::StatusOr<v1::Load> EndLoad(const v1::EndLoadRequest& end, engine::Engine* engine) {
  return DeclareLoad(end, /*ends=*/true, engine);
}

v1::IngestResult ToWire(engine::IngestOutcome::Result result) {
  switch (result) {
    case IngestOutcome::Result::kCounted:
      return v1::INGEST_RESULT_COUNTED;
    case IngestOutcome::Result::kDuplicate:
      return v1::INGEST_RESULT_DUPLICATE;
    case IngestOutcome::Result::kRefused:
      return v1::INGEST_RESULT_REFUSED;
    case IngestOutcome::Result::kRetry:
      return v1::INGEST_RESULT_RETRY;
  }
  return v1::INGEST_RESULT_UNSPECIFIED;
}

}  // namespace plumbline::transport
