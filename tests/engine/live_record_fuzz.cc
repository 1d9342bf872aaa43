// Records of producers, alerts and policies as they may lie on a damaged disk. Input: which, then
// the record.
#include <string>

#include "server/engine/records.h"
#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

template <class Record>
bool Parse(absl::string_view bytes, Record* record) {
  return record->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void RunProducer(absl::string_view bytes) {
  storage::v1::ProducerRecord record;
  if (!Parse(bytes, &record)) return;
  auto marks = engine::MarksFromRecord(record);
  if (!marks.ok()) return;
  storage::v1::ProducerRecord again;
  engine::MarksToRecord(*marks, &again);
  Check(engine::MarksFromRecord(again).ok(), "marks that were read can be stored and read again");
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  for (const uint64_t number : {uint64_t{1}, marks->highest(), marks->contiguous()}) {
    const engine::Claim claim = marks->Take(number, now);
    Check(claim != engine::Claim::kNew || marks->Look(number) != engine::Claim::kNew,
          "a number is new once");
  }
  const uint64_t called = marks->called_lost(), missing = marks->missing();
  marks->Age(now, absl::ZeroDuration(), absl::InfiniteDuration());
  Check(marks->called_lost() - called + marks->missing() == missing, "what is missing gets lost");
}

void RunAlert(absl::string_view bytes) {
  storage::v1::AlertRecord record;
  if (!Parse(bytes, &record)) return;
  const auto alert = engine::FromRecord(record);
  if (!alert.ok()) return;
  const auto again = engine::ToRecord(*alert, 1);
  Check(engine::FromRecord(again).ok(), "an alert that was read can be stored and read again");
}

void RunPolicy(absl::string_view bytes) {
  storage::v1::PolicyRecord record;
  if (!Parse(bytes, &record)) return;
  const auto policy = engine::EffectivePolicy(record);
  if (policy.ok()) Check(policy->Validate().ok(), "a policy in effect is valid");
}

}  // namespace

std::vector<std::string> Seeds() {
  engine::SequenceMarks marks;
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  marks.Take(4, now);
  marks.Take(9, now);
  marks.Age(now, absl::ZeroDuration(), absl::Hours(24));
  marks.Take(2, now);
  marks.End(12, now);
  storage::v1::ProducerRecord producer;
  engine::MarksToRecord(marks, &producer);
  checks::Alert alert;
  alert.key = {checks::CheckId::kDrift, "age", "eu"};
  alert.state = checks::AlertState::kFiring;
  alert.firing_since = now;
  alert.finding.value = 0.5;
  alert.finding.reason = "age drifts";
  storage::v1::PolicyRecord policy;
  policy.set_pane_micros(60'000'000);
  policy.set_window_panes(60);
  auto* variable = policy.add_variables();
  variable->set_variable("age");
  variable->set_drift_statistic("ks");
  variable->add_checks()->set_check("drift");
  variable->mutable_checks(0)->set_threshold(0.3);
  (*policy.mutable_drift_thresholds())["psi"] = 0.25;
  return {'\0' + producer.SerializeAsString(),
          '\1' + engine::ToRecord(alert, 3).SerializeAsString(), '\2' + policy.SerializeAsString()};
}

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline::fuzz;
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      RunProducer(bytes);
      break;
    case 1:
      RunAlert(bytes);
      break;
    default:
      RunPolicy(bytes);
  }
  return 0;
}
