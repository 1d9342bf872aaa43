#include "server/transport/convert_profile.h"

#include <bit>
#include <cmath>
#include <string>

#include "server/manifest/row_set.h"
#include "server/profile/number_text.h"
#include "server/storage/profile_record.h"
#include "server/transport/convert.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMostFrequent = 10;

std::string SumText(const manifest::ContentDigest& digest) {
  return manifest::DigestText(digest.sum());
}

std::string OrderedText(const manifest::ContentDigest& digest) {
  const manifest::ContentDigest::Parts& parts = digest.ToParts();
  return manifest::DigestText(absl::MakeUint128(parts.ordered_high, parts.ordered_low));
}

v1::Verdict VerdictToWire(profile::Verdict verdict) {
  switch (verdict) {
    case profile::Verdict::kNotCompared:
      return v1::VERDICT_UNSPECIFIED;
    case profile::Verdict::kIdentical:
      return v1::VERDICT_IDENTICAL;
    case profile::Verdict::kWithinTolerance:
      return v1::VERDICT_WITHIN_TOLERANCE;
    case profile::Verdict::kDifferent:
      return v1::VERDICT_DIFFERENT;
  }
  return v1::VERDICT_UNSPECIFIED;
}

v1::MeasureComparison MeasureToWire(const profile::Measure& measure) {
  v1::MeasureComparison wire;
  wire.set_measure(measure.name);
  wire.set_detail(measure.detail);
  if (measure.a.has_value()) wire.set_a(*measure.a);
  if (measure.b.has_value()) wire.set_b(*measure.b);
  if (measure.difference.has_value()) wire.set_difference(*measure.difference);
  if (measure.tolerance.has_value()) wire.set_tolerance(*measure.tolerance);
  wire.set_verdict(VerdictToWire(measure.verdict));
  wire.set_note(measure.note);
  return wire;
}

absl::StatusOr<engine::Side> SideFrom(const v1::ComparedSide& side, absl::string_view which) {
  switch (side.side_case()) {
    case v1::ComparedSide::kProfiles:
      return FromWire(side.profiles());
    case v1::ComparedSide::kLive:
      return engine::LiveSide{side.live().model(), side.live().version()};
    case v1::ComparedSide::kAny:
      return engine::AnySide{side.any()};
    case v1::ComparedSide::SIDE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat("side ", which, " says nothing"));
}

}  // namespace

storage::ProfileKey FromWire(const v1::ProfileKey& key) {
  return {key.name(), key.stage(), key.environment(), key.source()};
}

absl::StatusOr<engine::CompareRequest> FromWire(const v1::CompareProfilesRequest& request) {
  engine::CompareRequest compare;
  auto a = SideFrom(request.a(), "A");
  if (!a.ok()) return a.status();
  auto b = SideFrom(request.b(), "B");
  if (!b.ok()) return b.status();
  compare.a = *std::move(a);
  compare.b = *std::move(b);
  if (request.has_tolerance()) compare.tolerance = request.tolerance();
  compare.tolerances.insert(request.tolerances().begin(), request.tolerances().end());
  compare.samples = request.samples();
  compare.stages.assign(request.stages().begin(), request.stages().end());
  return compare;
}

v1::ProfileSummary ToWire(const engine::ProfileInfo& info) {
  v1::ProfileSummary wire;
  wire.mutable_key()->set_name(info.key.name);
  wire.mutable_key()->set_stage(info.key.stage);
  wire.mutable_key()->set_environment(info.key.environment);
  wire.mutable_key()->set_source(info.key.source);
  wire.set_rows(info.head.rows());
  wire.set_variables(info.head.variables());
  *wire.mutable_created_at() = ToWire(absl::FromUnixMicros(info.head.created_at_micros()));
  wire.set_description(info.head.description());
  if (const auto digest = storage::FromRecord(info.head.digest()); digest.ok()) {
    wire.set_digest(SumText(*digest));
    wire.set_ordered_digest(OrderedText(*digest));
  }
  return wire;
}

v1::ProfileVariable ToWire(const profile::VariableProfile& variable) {
  v1::ProfileVariable wire;
  wire.set_name(variable.variable.name);
  wire.set_kind(ToWire(variable.variable.kind));
  const absl::string_view type = profile::ValueTypeName(variable.variable.type);
  wire.set_type(type.data(), type.size());
  wire.set_digest(SumText(variable.digest));
  wire.set_ordered_digest(OrderedText(variable.digest));
  wire.set_nulls(variable.nulls);
  wire.set_nans(variable.nans);
  wire.set_positive_infinities(variable.positive_infinities);
  wire.set_negative_infinities(variable.negative_infinities);
  wire.set_distinct(variable.distinct.EstimatedDistinct());
  wire.set_distinct_is_estimate(variable.distinct.level() > 0);
  const auto add = [&wire](std::string value, uint64_t count) {
    v1::ValueCount* added = wire.add_most_frequent();
    added->set_value(std::move(value));
    added->set_count(count);
  };
  if (!variable.is_numeric()) {
    for (const auto& [name, count] : variable.categories.ByCount()) {
      if (wire.most_frequent_size() == static_cast<int>(kMostFrequent)) break;
      add(std::string(name), count);
    }
    return wire;
  }
  if (variable.finite == 0) return wire;
  const auto finite = static_cast<double>(variable.finite);
  const auto set = [](double value, const auto& setter) {
    if (std::isfinite(value)) setter(value);
  };
  set(variable.sum.Value(), [&](double value) { wire.set_sum(value); });
  set(variable.Mean(), [&](double value) { wire.set_mean(value); });
  set(variable.StandardDeviation(), [&](double value) { wire.set_stddev(value); });
  wire.set_min(variable.min);
  wire.set_max(variable.max);
  wire.set_float32_share(static_cast<double>(variable.precision.float32) / finite);
  wire.set_integer_share(static_cast<double>(variable.precision.integers()) / finite);
  for (const uint64_t count : variable.precision.decimals) wire.add_decimals(count);
  const auto quantiles = variable.quantiles.Quantiles(profile::kQuantileRanks);
  for (size_t i = 0; quantiles.ok() && i < quantiles->size(); ++i) {
    v1::Quantile* added = wire.add_quantiles();
    added->set_rank(profile::kQuantileRanks[i]);
    added->set_value((*quantiles)[i]);
  }
  for (const auto& point : variable.points.Candidates()) {
    if (wire.most_frequent_size() == static_cast<int>(kMostFrequent)) break;
    add(profile::NumberText(std::bit_cast<double>(point.key)), point.lower);
  }
  return wire;
}

v1::CompareProfilesResponse ToWire(const engine::StagesComparison& comparison, bool all_measures) {
  v1::CompareProfilesResponse wire;
  wire.set_verdict(VerdictToWire(comparison.verdict));
  wire.set_first_difference(comparison.first_difference);
  wire.set_summary(comparison.summary);
  for (const engine::StageComparison& stage : comparison.stages) {
    const profile::ProfileComparison& compared = stage.comparison;
    v1::StageComparison* added = wire.add_stages();
    added->set_stage(stage.stage);
    added->set_a(compared.a);
    added->set_b(compared.b);
    added->set_verdict(VerdictToWire(compared.verdict));
    for (const std::string& cause : compared.causes) added->add_causes(cause);
    for (const std::string& note : compared.notes) added->add_notes(note);
    for (const profile::Measure& measure : compared.measures) {
      *added->add_measures() = MeasureToWire(measure);
    }
    for (const profile::VariableComparison& variable : compared.variables) {
      v1::VariableComparison* of = added->add_variables();
      of->set_variable(variable.variable);
      of->set_kind(ToWire(variable.kind));
      of->set_verdict(VerdictToWire(variable.verdict));
      if (variable.verdict == profile::Verdict::kIdentical && !all_measures) continue;
      for (const profile::Measure& measure : variable.measures) {
        *of->add_measures() = MeasureToWire(measure);
      }
    }
  }
  return wire;
}

}  // namespace plumbline::transport
