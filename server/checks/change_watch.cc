#include "server/checks/change_watch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/byte_io.h"
#include "server/stats/psi.h"
#include "server/stats/unseen_rate.h"

namespace plumbline::checks {
namespace {

constexpr size_t kRates = std::size(kWatchedRates);
constexpr double kUnseenConfidence = 0.99;
// A rate that training has may fall; below this share it does not matter.
constexpr double kLeastShare = 0.01;

uint64_t Present(const profile::VariableCounts& counts) {
  return counts.rows - std::min(counts.rows, counts.absent + counts.wrong_type);
}

bool IsAsked(CheckId check, const profile::VariableBaseline& variable) {
  if (check == CheckId::kNullRate) return true;
  return variable.is_numeric() == (check != CheckId::kUnseenCategory);
}

}  // namespace

RateCounts CountsOfRate(CheckId check, const profile::VariableBaseline& baseline,
                        const profile::VariableCounts& live) {
  const profile::VariableCounts& base = baseline.counts;
  if (check == CheckId::kOutOfRange) {
    const uint64_t outside = live.codes.empty() ? 0 : live.codes.front() + live.codes.back();
    const uint64_t total = base.Coded() + 1;
    return {outside, live.Coded(), std::min<uint64_t>(2, total), total};
  }
  if (check == CheckId::kUnseenCategory) {
    const uint64_t trained = base.Coded();
    const double bound =
        stats::GoodTuringUnseenUpperBound(baseline.singletons, trained, kUnseenConfidence);
    const auto expected = static_cast<uint64_t>(std::ceil(bound * static_cast<double>(trained)));
    return {live.codes.empty() ? 0 : live.codes.back(), live.Coded(), std::min(trained, expected),
            trained};
  }
  const auto count = [&](const profile::VariableCounts& counts) {
    if (check == CheckId::kNullRate) return counts.nulls;
    if (check == CheckId::kNanRate) return counts.nans;
    return counts.positive_infinities + counts.negative_infinities;
  };
  return {count(live), Present(live), count(base), Present(base)};
}

ChangeReferences::ChangeReferences(std::shared_ptr<const profile::Baseline> baseline,
                                   std::vector<profile::NaturalVariation> natural)
    : baseline_(std::move(baseline)) {
  natural.resize(baseline_->variables.size());
  for (size_t i = 0; i < natural.size(); ++i) {
    const profile::VariableBaseline& trained = baseline_->variables[i];
    Variable& variable = variables_.emplace_back();
    variable.groups = profile::EvidenceGroups(trained);
    variable.natural = std::move(natural[i]);
    variable.shares = stats::MakeShareReference(variable.groups.Sum(trained, trained.counts.codes),
                                                variable.natural.groups, trained.is_numeric());
  }
}

ChangeWatch::ChangeWatch(std::shared_ptr<const ChangeReferences> references)
    : references_(std::move(references)) {
  Reset();
}

void ChangeWatch::Reset() {
  variables_.clear();
  for (const ChangeReferences::Variable& reference : references_->variables_) {
    Variable& variable = variables_.emplace_back();
    if (reference.groups.size() < 2) continue;
    variable.drift = std::make_unique<stats::ChangeDetector>(reference.groups.size());
  }
}

void ChangeWatch::Reset(CheckId check, size_t variable) {
  if (variable >= variables_.size()) return;
  if (check == CheckId::kDrift && variables_[variable].drift != nullptr) {
    variables_[variable].drift->Reset();
  }
  for (size_t rate = 0; rate < kRates; ++rate) {
    if (kWatchedRates[rate] == check) variables_[variable].rates[rate].reset();
  }
}

stats::ShareReference ChangeWatch::RateReference(size_t variable, size_t rate,
                                                 const RateCounts& counts) const {
  const profile::NaturalVariation& natural = references_->variables_[variable].natural;
  const CheckId check = kWatchedRates[rate];
  // Values beyond those of training come in runs where values do.
  const double effect = check == CheckId::kNullRate  ? natural.nulls
                        : check == CheckId::kNanRate ? natural.nans
                        : check == CheckId::kInfRate ? natural.infinities
                                                     : natural.groups;
  stats::ShareReference reference = stats::MakeShareReference(
      {counts.k_base, counts.n_base - std::min(counts.n_base, counts.k_base)}, effect);
  reference.rises = check != CheckId::kNullRate;
  return reference;
}

void ChangeWatch::ObserveRates(size_t variable, const profile::VariableCounts& block) {
  const profile::VariableBaseline& trained = references_->baseline().variables[variable];
  for (size_t rate = 0; rate < kRates; ++rate) {
    if (!IsAsked(kWatchedRates[rate], trained)) continue;
    const RateCounts counts = CountsOfRate(kWatchedRates[rate], trained, block);
    if (counts.n_base == 0) continue;
    Detector& detector = variables_[variable].rates[rate];
    if (detector == nullptr) {
      // Where neither side has any there is nothing to see.
      const double base = static_cast<double>(counts.k_base) / static_cast<double>(counts.n_base);
      if (counts.k_live == 0 && base < kLeastShare) continue;
      detector = std::make_unique<stats::ChangeDetector>(2);
    }
    detector->Observe(RateReference(variable, rate, counts),
                      {counts.k_live, counts.n_live - std::min(counts.n_live, counts.k_live)});
  }
}

void ChangeWatch::Observe(const profile::Pane& block) {
  for (size_t i = 0; i < variables_.size() && i < block.variables.size(); ++i) {
    const ChangeReferences::Variable& reference = references_->variables_[i];
    if (variables_[i].drift != nullptr) {
      variables_[i].drift->Observe(
          reference.shares,
          reference.groups.Sum(references_->baseline().variables[i], block.variables[i].codes));
    }
    ObserveRates(i, block.variables[i]);
  }
}

std::vector<VariableEvidence> ChangeWatch::Weigh(double log_alarm) const {
  std::vector<VariableEvidence> evidence(variables_.size());
  std::vector<stats::WeightedEvidence> all;
  const double drift_weight = 0.5 / static_cast<double>(std::max<size_t>(1, variables_.size()));
  const double rate_weight = drift_weight / static_cast<double>(kRates - 1);
  for (size_t i = 0; i < variables_.size(); ++i) {
    const Variable& variable = variables_[i];
    if (variable.drift != nullptr) {
      evidence[i].drift.log_evidence = variable.drift->LogEvidence();
      all.push_back({evidence[i].drift.log_evidence, drift_weight});
    }
    for (size_t rate = 0; rate < kRates; ++rate) {
      if (variable.rates[rate] == nullptr) continue;
      evidence[i].rates[rate].log_evidence = variable.rates[rate]->LogEvidence();
      all.push_back({evidence[i].rates[rate].log_evidence, rate_weight});
    }
  }
  const double least = stats::LeastAlarm(std::move(all), log_alarm);
  for (size_t i = 0; i < variables_.size(); ++i) {
    const Variable& variable = variables_[i];
    VariableEvidence& of = evidence[i];
    const ChangeReferences::Variable& reference = references_->variables_[i];
    of.drift.enough =
        variable.drift != nullptr && of.drift.log_evidence + std::log(drift_weight) >= least;
    for (size_t rate = 0; rate < kRates; ++rate) {
      if (variable.rates[rate] == nullptr) continue;
      of.rates[rate].enough = of.rates[rate].log_evidence + std::log(rate_weight) >= least;
      const absl::Span<const float> since = variable.rates[rate]->Since();
      of.rates_since[rate] = {static_cast<uint64_t>(since[0]),
                              static_cast<uint64_t>(since[0] + since[1])};
    }
    if (!of.drift.enough) continue;
    const absl::Span<const float> since = variable.drift->Since();
    const std::vector<uint64_t> live(since.begin(), since.end());
    const profile::VariableBaseline& trained = references_->baseline().variables[i];
    const std::vector<uint64_t> base = reference.groups.Sum(trained, trained.counts.codes);
    for (const uint64_t count : live) of.rows_since += static_cast<double>(count);
    const auto psi = stats::Psi(base, live);
    if (!psi.ok()) continue;
    of.psi_since = *psi - stats::PsiChance(base.size(), static_cast<uint64_t>(of.rows_since),
                                           trained.counts.Coded());
    of.natural_psi = references_->NaturalPsi(i, of.rows_since);
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
  ChangeWatch read(references_);
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
