#include "tests/trust/streams.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace plumbline::trust {
namespace {

constexpr double kMemory = 0.9;  // of kAutocorrelated
constexpr double kNullRun = 10;  // rows, of kAutocorrelated
constexpr double kAtom = 0.25;   // a value that training hardly has; exact in double

// Of kRuns: the share of rows that come in runs, how long these are on average, and how far from
// its middle the values of one are.
constexpr double kCategoryShare = 0.05, kCategoryRun = 50;
constexpr double kFarShare = 0.005, kFarRun = 5, kFarSpread = 0.1;

const std::vector<std::string>& Letters() {
  static const auto* const letters = [] {
    auto* result = new std::vector<std::string>();
    for (char letter = 'a'; letter <= 'z'; ++letter) result->emplace_back(1, letter);
    return result;
  }();
  return *letters;
}

bool IsCategorical(Kind kind) {
  return kind == Kind::kManyCategories || kind == Kind::kFewCategories;
}

double Number(Kind kind, double z) {
  switch (kind) {
    case Kind::kLogNormal:
      return std::exp(z);
    case Kind::kSmallIntegers:
      return std::floor(2.5 * std::exp(0.5 * z));
    case Kind::kZeroInflated:
      return z < 0.5 ? 0 : z * z;
    default:
      return z;
  }
}

uint32_t Category(Kind kind, double z) {
  if (kind == Kind::kManyCategories) {
    // The share of each next one is three quarters of the last's.
    const double above = 0.5 * std::erfc(z / std::numbers::sqrt2);
    return static_cast<uint32_t>(
        std::clamp(std::log(1 - above * 0.9994) / std::log(0.75), 0.0, 25.0));
  }
  return z < 0.1257 ? 0 : z < 1.0364 ? 1 : z < 1.6449 ? 2 : 3;
}

}  // namespace

Stream::Stream(std::vector<Kind> kinds, Rows rows, double null_rate, uint64_t seed)
    : kinds_(std::move(kinds)),
      rows_(rows),
      null_rate_(null_rate),
      random_(seed),
      latent_(kinds_.size()),
      null_(kinds_.size()),
      run_(kinds_.size()),
      far_(kinds_.size()),
      runs_(kinds_.size()),
      categories_(kinds_.size()),
      numbers_(kinds_.size()),
      indices_(kinds_.size()),
      validity_(kinds_.size()) {
  for (size_t i = 0; i < kinds_.size(); ++i) names_.push_back(absl::StrCat("v", i));
  for (double& last : latent_) last = random_.Normal();
}

bool Stream::IsNull(size_t variable, double rate) {
  double chance = rate;
  if (rows_ == Rows::kAutocorrelated) {
    chance = null_[variable] ? 1 - 1 / kNullRun : rate / (1 - rate) / kNullRun;
  }
  null_[variable] = random_.Uniform() < chance;
  return null_[variable];
}

bool Stream::IsInRun(size_t variable) {
  if (rows_ != Rows::kRuns) return false;
  const bool categorical = IsCategorical(kinds_[variable]);
  const double share = categorical ? kCategoryShare : kFarShare;
  const double length = categorical ? kCategoryRun : kFarRun;
  const double chance = run_[variable] ? 1 - 1 / length : share / (1 - share) / length;
  const bool in_run = random_.Uniform() < chance;
  if (in_run && !run_[variable]) {
    far_[variable] = 3 - std::log(random_.Uniform());
    ++runs_[variable];
  }
  run_[variable] = in_run;
  return in_run;
}

uint32_t Stream::RunCategory(size_t variable) {
  std::vector<std::string>& categories = categories_[variable];
  std::string name = absl::StrCat("run ", runs_[variable]);
  if (categories.back() != name) categories.push_back(std::move(name));
  return static_cast<uint32_t>(categories.size()) - 1;
}

void Stream::Fill(size_t variable, uint32_t rows, const Change* change) {
  const Kind kind = kinds_[variable];
  const bool categorical = IsCategorical(kind);
  categories_[variable] = Letters();
  std::vector<double>& numbers = numbers_[variable];
  std::vector<uint32_t>& indices = indices_[variable];
  numbers.resize(categorical ? 0 : rows);
  indices.resize(categorical ? rows : 0);
  const double null_rate =
      change != nullptr && change->null_rate >= 0 ? change->null_rate : null_rate_;
  validity_[variable].assign(null_rate > 0 ? (rows + 7) / 8 : 0, 0xff);
  for (uint32_t row = 0; row < rows; ++row) {
    double z = random_.Normal();
    if (rows_ == Rows::kCorrelated) z = std::sqrt(0.5) * (z + common_[row]);
    if (rows_ == Rows::kAutocorrelated) {
      z = latent_[variable] = kMemory * latent_[variable] + std::sqrt(1 - kMemory * kMemory) * z;
    }
    if (change != nullptr) z = z * change->spread + change->shift;
    const bool in_run = IsInRun(variable);
    if (categorical) {
      indices[row] = in_run ? RunCategory(variable) : Category(kind, z);
    } else {
      numbers[row] = Number(kind, in_run ? far_[variable] + kFarSpread * z : z);
    }
    if (null_rate > 0 && IsNull(variable, null_rate)) {
      validity_[variable][row >> 3] &= static_cast<uint8_t>(~(1u << (row & 7)));
    }
    if (change == nullptr) continue;
    if (change->stuck > 0 && random_.Uniform() < change->stuck) numbers[row] = kAtom;
    if (change->new_atom > 0 && random_.Uniform() < change->new_atom) numbers[row] = kAtom;
    if (change->category_share >= 0) {
      // 5% is what the rarest has: enough of the others become it.
      if (indices[row] != 3 && random_.Uniform() < (change->category_share - 0.05) / 0.95) {
        indices[row] = 3;
      }
    }
  }
}

profile::BatchView Stream::Next(uint32_t rows, const Change& change, double extent) {
  if (rows_ == Rows::kCorrelated) {
    common_.resize(rows);
    for (double& value : common_) value = random_.Normal();
  }
  Change now = change;
  now.shift *= extent;
  now.spread = 1 + (change.spread - 1) * extent;
  now.stuck *= extent;
  now.new_atom *= extent;
  if (change.null_rate >= 0) now.null_rate = null_rate_ + (change.null_rate - null_rate_) * extent;
  if (change.category_share >= 0)
    now.category_share = 0.05 + (change.category_share - 0.05) * extent;
  profile::BatchView batch;
  batch.rows = rows;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    Fill(i, rows, i == 0 && extent > 0 ? &now : nullptr);
    profile::ColumnView& column = batch.columns.emplace_back();
    column.name = names_[i];
    column.validity = validity_[i];
    if (IsCategorical(kinds_[i])) {
      column.values =
          profile::DictionaryView{{categories_[i].begin(), categories_[i].end()}, indices_[i]};
    } else {
      column.values = absl::MakeConstSpan(numbers_[i]);
    }
  }
  return batch;
}

std::vector<Kind> Kinds(size_t count, bool mixed) {
  static constexpr Kind kAll[] = {Kind::kNormal,        Kind::kFewCategories,  Kind::kLogNormal,
                                  Kind::kSmallIntegers, Kind::kManyCategories, Kind::kZeroInflated};
  std::vector<Kind> kinds(count, Kind::kNormal);
  for (size_t i = 0; mixed && i < count; ++i) kinds[i] = kAll[i % std::size(kAll)];
  return kinds;
}

}  // namespace plumbline::trust
