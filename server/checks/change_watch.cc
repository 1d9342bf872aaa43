#include "server/checks/change_watch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/profile/byte_io.h"
#include "server/stats/unseen_rate.h"

namespace plumbline::checks {
namespace {

constexpr size_t kRates = std::size(kWatchedRates);
constexpr double kUnseenConfidence = 0.99;
// A rate that training has may fall; below this share it does not matter.
constexpr double kLeastCategoryShare = 0.01;

uint64_t Present(const profile::VariableCounts& counts) {
  return counts.rows - std::min(counts.rows, counts.absent + counts.wrong_type);
}

bool IsAsked(CheckId check, const profile::VariableBaseline& variable) {
  if (check == CheckId::kNullRate) return true;
  return variable.is_numeric() == (check != CheckId::kUnseenCategory);
}

// What training says of a rate.
stats::ShareReference RateReference(CheckId check, const profile::NaturalVariation& natural,
                                    const RateCounts& counts) {
  double effect = DesignEffectOfRate(check, natural);
  // Values beyond those of training come in runs where values do.
  if (counts.is_bound) effect = std::max(effect, natural.groups);
  stats::ShareReference reference = stats::MakeShareReference(
      {counts.k_base, counts.n_base - std::min(counts.n_base, counts.k_base)}, effect);
  reference.rises = check != CheckId::kNullRate;
  return reference;
}

uint64_t Sum(absl::Span<const float> counts) {
  double sum = 0;
  for (const float count : counts) sum += count;
  return static_cast<uint64_t>(sum);
}

RateCounts BoundOf(uint64_t k_live, const profile::VariableCounts& live, uint64_t k_base,
                   uint64_t n_base, bool of_runs) {
  const uint64_t n_live = live.Coded();
  const double each =
      n_live == 0 ? 1 : static_cast<double>(live.rows) / static_cast<double>(n_live);
  const auto rows_base = static_cast<uint64_t>(std::llround(each * static_cast<double>(n_base)));
  return {k_live, n_live, k_base, n_base, live.rows, rows_base, /*is_bound=*/true, of_runs};
}

// `weight`: of the detector among all.
ChangeEvidence EvidenceOf(const stats::ChangeDetector& detector, double weight, double least) {
  ChangeEvidence evidence;
  evidence.log_evidence = detector.LogEvidence();
  evidence.enough = evidence.log_evidence + std::log(weight) >= least;
  if (!evidence.enough) return evidence;
  evidence.blocks = detector.BlocksSince();
  evidence.marked = static_cast<uint64_t>(detector.Since()[0]);
  evidence.rows = Sum(detector.Since());
  return evidence;
}

}  // namespace

RateCounts CountsOfRate(CheckId check, const profile::VariableBaseline& baseline,
                        const profile::VariableCounts& live) {
  const profile::VariableCounts& base = baseline.counts;
  if (check == CheckId::kOutOfRange) {
    const uint64_t outside = live.codes.empty() ? 0 : live.codes.front() + live.codes.back();
    return BoundOf(outside, live, 2, base.Coded() + 1, /*of_runs=*/false);
  }
  if (check == CheckId::kUnseenCategory) {
    const uint64_t trained = base.Coded();
    const double bound =
        stats::GoodTuringUnseenUpperBound(baseline.singletons, trained, kUnseenConfidence);
    const double of_runs = baseline.natural.outside_share;
    const auto expected =
        static_cast<uint64_t>(std::ceil(std::max(bound, of_runs) * static_cast<double>(trained)));
    return BoundOf(live.codes.empty() ? 0 : live.codes.back(), live, std::min(trained, expected),
                   trained, of_runs > bound);
  }
  const auto count = [&](const profile::VariableCounts& counts) {
    if (check == CheckId::kNullRate) return counts.nulls;
    if (check == CheckId::kNanRate) return counts.nans;
    return counts.positive_infinities + counts.negative_infinities;
  };
  return {count(live), Present(live), count(base), Present(base), live.rows, base.rows};
}

double DesignEffectOfRate(CheckId check, const profile::NaturalVariation& natural) {
  switch (check) {
    case CheckId::kNullRate:
      return natural.nulls;
    case CheckId::kNanRate:
      return natural.nans;
    case CheckId::kInfRate:
      return natural.infinities;
    default:
      return natural.outside;
  }
}

const ChangeEvidence& VariableEvidence::Of(CheckId check) const {
  const auto found = std::find(std::begin(kWatchedRates), std::end(kWatchedRates), check);
  return found == std::end(kWatchedRates)
             ? drift
             : rates[static_cast<size_t>(found - std::begin(kWatchedRates))];
}

const VariableEvidence* EvidenceOn(const std::vector<VariableEvidence>* all, size_t variable) {
  if (all == nullptr) return nullptr;
  const auto found = std::lower_bound(
      all->begin(), all->end(), variable,
      [](const VariableEvidence& one, size_t index) { return one.variable < index; });
  return found != all->end() && found->variable == variable ? &*found : nullptr;
}

bool IsLargeDrift(const Policy& policy, const profile::VariableBaseline& baseline,
                  const profile::VariableStatistics& statistics, uint64_t rows) {
  const std::optional<double> value = DriftValue(policy, baseline, statistics);
  const std::optional<double> psi = statistics.psi_corrected;
  return value.has_value() && *value >= policy.DriftThreshold(baseline.variable.name) &&
         psi.has_value() && *psi >= baseline.natural.PsiLimit(static_cast<double>(rows));
}

void KeepActive(const profile::Baseline& baseline, const AlertBook& alerts,
                std::vector<VariableEvidence>* evidence) {
  std::erase_if(*evidence, [&](VariableEvidence& one) {
    const std::string& name = baseline.variables[one.variable].variable.name;
    one.drift.enough &= alerts.IsActive(CheckId::kDrift, name);
    bool any = one.drift.enough;
    for (size_t rate = 0; rate < kRates; ++rate) {
      one.rates[rate].enough &= alerts.IsActive(kWatchedRates[rate], name);
      any |= one.rates[rate].enough;
    }
    return !any;
  });
}

void LookBack(const profile::Baseline& baseline, const Policy& policy,
              absl::FunctionRef<profile::Pane(uint32_t panes)> latest,
              std::vector<VariableEvidence>* evidence) {
  LookBack(
      policy, latest, [&](uint32_t) -> const profile::Baseline& { return baseline; }, evidence);
}

void LookBack(const Policy& policy, absl::FunctionRef<profile::Pane(uint32_t panes)> latest,
              absl::FunctionRef<const profile::Baseline&(uint32_t panes)> trained_at,
              std::vector<VariableEvidence>* evidence) {
  const auto is_drift = [](const VariableEvidence& one) { return one.drift.enough; };
  if (std::none_of(evidence->begin(), evidence->end(), is_drift)) return;
  for (uint32_t panes = 1; panes < policy.window_panes; panes *= 2) {
    const profile::Pane sum = latest(panes);
    const profile::Baseline& baseline = trained_at(panes);
    for (VariableEvidence& one : *evidence) {
      if (!one.drift.enough) continue;
      const profile::VariableBaseline& trained = baseline.variables[one.variable];
      const profile::VariableCounts& counts = sum.variables[one.variable];
      const uint64_t rows = counts.Coded();
      if (rows < policy.min_rows_drift || 2 * rows < one.drift.rows) continue;
      const profile::VariableStatistics statistics = profile::CompareToBaseline(trained, counts);
      if (!IsLargeDrift(policy, trained, statistics, rows)) continue;
      const double value = *DriftValue(policy, trained, statistics);
      if (one.look.has_value() && *DriftValue(policy, trained, one.look->statistics) > value) {
        continue;
      }
      one.look = DriftLook{panes, counts, statistics};
      if (policy.season == profile::Season::kNone) continue;
      one.look->trained = std::make_shared<const profile::VariableBaseline>(trained);
    }
  }
}

ChangeWatch::ChangeWatch(const profile::Baseline* baseline,
                         std::shared_ptr<const profile::SeasonalTraining> season)
    : baseline_(baseline), season_(std::move(season)), variables_(baseline->variables.size()) {
  for (size_t i = 0; i < variables_.size(); ++i) {
    const size_t groups = baseline_->variables[i].evidence_groups.size();
    if (groups < 2) continue;
    variables_[i].drift = std::make_unique<stats::ChangeDetector>(
        season_ == nullptr ? groups : profile::SeasonalTraining::kRanks);
  }
}

bool ChangeWatch::Reset(CheckId check, size_t variable) {
  if (variable >= variables_.size()) return false;
  if (check == CheckId::kDrift) {
    if (variables_[variable].drift == nullptr) return false;
    variables_[variable].drift->Reset();
    return true;
  }
  for (size_t rate = 0; rate < kRates; ++rate) {
    if (kWatchedRates[rate] != check || variables_[variable].rates[rate] == nullptr) continue;
    variables_[variable].rates[rate].reset();
    return true;
  }
  return false;
}

void ChangeWatch::ObserveDrift(size_t variable, const profile::VariableCounts& block,
                               const profile::BucketRows& times) {
  const profile::VariableBaseline& trained = baseline_->variables[variable];
  stats::ChangeDetector* const detector = variables_[variable].drift.get();
  if (season_ == nullptr) {
    detector->Observe(trained.evidence_shares, trained.evidence_groups.Sum(trained, block.codes));
    return;
  }
  const profile::SeasonalTraining::Mixture at = season_->At(variable, times);
  detector->Observe(season_->Reference(variable, at),
                    profile::SeasonalTraining::Ranks(at.shares, block.codes));
}

void ChangeWatch::ObserveRates(size_t variable, const profile::VariableCounts& block) {
  const profile::VariableBaseline& trained = baseline_->variables[variable];
  for (size_t rate = 0; rate < kRates; ++rate) {
    const CheckId check = kWatchedRates[rate];
    if (!IsAsked(check, trained)) continue;
    const RateCounts counts = CountsOfRate(check, trained, block);
    if (counts.n_base == 0) continue;
    Detector& detector = variables_[variable].rates[rate];
    if (detector == nullptr) {
      // Where neither side has any there is nothing to see.
      const double base = static_cast<double>(counts.k_base) / static_cast<double>(counts.n_base);
      if (counts.k_live == 0 && base < kLeastCategoryShare) continue;
      detector = std::make_unique<stats::ChangeDetector>(2);
    }
    detector->Observe(RateReference(check, trained.natural, counts),
                      {counts.k_live, counts.n_live - std::min(counts.n_live, counts.k_live)});
  }
}

void ChangeWatch::Observe(const profile::Pane& block, const profile::BucketRows& times) {
  for (size_t i = 0; i < variables_.size() && i < block.variables.size(); ++i) {
    if (variables_[i].drift != nullptr) ObserveDrift(i, block.variables[i], times);
    ObserveRates(i, block.variables[i]);
  }
}

std::vector<VariableEvidence> ChangeWatch::Weigh(double log_alarm) const {
  const double drift_weight = 0.5 / static_cast<double>(std::max<size_t>(1, variables_.size()));
  const double rate_weight = drift_weight / static_cast<double>(kRates - 1);
  std::vector<stats::WeightedEvidence> all;
  for (const Variable& variable : variables_) {
    if (variable.drift != nullptr) all.push_back({variable.drift->LogEvidence(), drift_weight});
    for (const Detector& rate : variable.rates) {
      if (rate != nullptr) all.push_back({rate->LogEvidence(), rate_weight});
    }
  }
  std::vector<VariableEvidence> evidence;
  const double least = stats::LeastAlarm(std::move(all), log_alarm);
  if (std::isinf(least)) return evidence;
  for (size_t i = 0; i < variables_.size(); ++i) {
    const Variable& variable = variables_[i];
    VariableEvidence of;
    of.variable = i;
    if (variable.drift != nullptr) of.drift = EvidenceOf(*variable.drift, drift_weight, least);
    bool any = of.drift.enough;
    for (size_t rate = 0; rate < kRates; ++rate) {
      if (variable.rates[rate] == nullptr) continue;
      of.rates[rate] = EvidenceOf(*variable.rates[rate], rate_weight, least);
      any |= of.rates[rate].enough;
    }
    if (any) evidence.push_back(std::move(of));
  }
  return evidence;
}

std::string ChangeWatch::Encode() const {
  profile::ByteWriter writer;
  std::vector<float> state;
  for (const Variable& variable : variables_) {
    uint8_t there = variable.drift != nullptr ? 1 : 0;
    for (size_t rate = 0; rate < kRates; ++rate) {
      if (variable.rates[rate] != nullptr) there |= static_cast<uint8_t>(2u << rate);
    }
    writer.Byte(there);
    state.clear();
    if (variable.drift != nullptr) variable.drift->GetState(&state);
    for (const Detector& detector : variable.rates) {
      if (detector != nullptr) detector->GetState(&state);
    }
    for (const float number : state) {
      uint32_t bits;
      std::memcpy(&bits, &number, sizeof(bits));
      writer.Varint(__builtin_bswap32(bits));  // whole numbers have zeros at their end
    }
  }
  return writer.Take();
}

absl::Status ChangeWatch::Decode(absl::string_view bytes) {
  const auto damaged = [](size_t variable) {
    return absl::DataLossError(absl::StrCat("the evidence on variable ", variable, " is damaged"));
  };
  ChangeWatch read(baseline_, season_);
  profile::ByteReader reader(bytes);
  for (size_t i = 0; i < variables_.size(); ++i) {
    Variable& variable = read.variables_[i];
    const uint8_t there = reader.Byte();
    if (!reader.ok() || (there >> (kRates + 1)) != 0) return damaged(i);
    if (((there & 1) != 0) != (variable.drift != nullptr)) return damaged(i);
    std::vector<stats::ChangeDetector*> detectors;
    if (variable.drift != nullptr) detectors.push_back(variable.drift.get());
    for (size_t rate = 0; rate < kRates; ++rate) {
      if ((there & (2u << rate)) == 0) continue;
      variable.rates[rate] = std::make_unique<stats::ChangeDetector>(2);
      detectors.push_back(variable.rates[rate].get());
    }
    for (stats::ChangeDetector* const detector : detectors) {
      std::vector<float> state(detector->StateSize());
      for (float& number : state) {
        const uint32_t bits = __builtin_bswap32(static_cast<uint32_t>(reader.Varint()));
        std::memcpy(&number, &bits, sizeof(number));
      }
      if (!reader.ok() || !detector->SetState(state)) return damaged(i);
    }
  }
  if (!reader.AtEnd()) return damaged(variables_.size());
  variables_ = std::move(read.variables_);
  return absl::OkStatus();
}

}  // namespace plumbline::checks
