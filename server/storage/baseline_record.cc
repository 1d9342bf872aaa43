#include "server/storage/baseline_record.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/pane.h"
#include "server/profile/performance.h"
#include "server/profile/season_counts.h"
#include "server/storage/environment_record.h"

namespace plumbline::storage {
namespace {

using profile::Baseline;
using profile::VariableBaseline;
using profile::VariableCounts;

absl::Status Bad(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("baseline variable \"", name, "\": ", what));
}

void SumTo(double sum, double compensation, v1::SumRecord* record) {
  record->set_sum(sum);
  record->set_compensation(compensation);
}

stats::CompensatedSum SumFrom(const v1::SumRecord& record) {
  return stats::CompensatedSum::FromParts(record.sum(), record.compensation());
}

void CountsTo(const VariableCounts& counts, v1::CountsRecord* record) {
  record->set_rows(counts.rows);
  record->set_nulls(counts.nulls);
  record->set_nans(counts.nans);
  record->set_positive_infinities(counts.positive_infinities);
  record->set_negative_infinities(counts.negative_infinities);
  record->set_wrong_type(counts.wrong_type);
  record->set_absent(counts.absent);
  for (const uint64_t count : counts.codes) record->add_codes(count);
  const stats::MomentsParts parts = counts.moments.ToParts();
  v1::MomentsRecord* moments = record->mutable_moments();
  moments->set_count(parts.count);
  moments->set_shift(parts.shift);
  SumTo(parts.sum, parts.sum_compensation, moments->mutable_sum());
  SumTo(parts.sum_squares, parts.sum_squares_compensation, moments->mutable_sum_of_squares());
  moments->set_min(parts.min);
  moments->set_max(parts.max);
  SumTo(counts.below_sum.sum(), counts.below_sum.compensation(), record->mutable_below_sum());
  SumTo(counts.above_sum.sum(), counts.above_sum.compensation(), record->mutable_above_sum());
  if (counts.fineness.values == 0) return;
  record->set_fineness_float32(counts.fineness.float32);
  for (const uint64_t count : counts.fineness.decimals) record->add_fineness_decimals(count);
}

absl::Status FinenessFrom(const v1::CountsRecord& record, absl::string_view name,
                          profile::Fineness* fineness) {
  if (record.fineness_decimals_size() == 0) return absl::OkStatus();
  const auto size = static_cast<size_t>(record.fineness_decimals_size());
  if (size != fineness->decimals.size())
    return Bad(name, absl::StrCat(size, " counts of decimals"));
  for (size_t i = 0; i < size; ++i) {
    fineness->decimals[i] = record.fineness_decimals(static_cast<int>(i));
    if (fineness->decimals[i] > record.rows() - std::min(record.rows(), fineness->values)) {
      return Bad(name, "more values by decimals than rows");
    }
    fineness->values += fineness->decimals[i];
  }
  fineness->float32 = record.fineness_float32();
  if (fineness->float32 > fineness->values)
    return Bad(name, "more values in float32 than there are");
  return absl::OkStatus();
}

absl::Status CountsFrom(const v1::CountsRecord& record, absl::string_view name, size_t codes,
                        VariableCounts* counts) {
  if (static_cast<size_t>(record.codes_size()) != codes) {
    return Bad(name, absl::StrCat(record.codes_size(), " counts for ", codes, " codes"));
  }
  counts->rows = record.rows();
  counts->nulls = record.nulls();
  counts->nans = record.nans();
  counts->positive_infinities = record.positive_infinities();
  counts->negative_infinities = record.negative_infinities();
  counts->wrong_type = record.wrong_type();
  counts->absent = record.absent();
  counts->codes = profile::CodeCounts::Of(record.codes());
  uint64_t left = counts->rows;
  const auto take = [&left](uint64_t part) {
    if (part > left) return false;
    left -= part;
    return true;
  };
  bool fits = take(counts->nulls) && take(counts->nans) && take(counts->positive_infinities) &&
              take(counts->negative_infinities) && take(counts->wrong_type) && take(counts->absent);
  for (const uint64_t count : counts->codes) fits = fits && take(count);
  if (!fits || left != 0) {
    return Bad(name, absl::StrCat("counts do not add up to ", counts->rows, " rows"));
  }
  const v1::MomentsRecord& moments = record.moments();
  stats::MomentsParts parts;
  parts.count = moments.count();
  parts.shift = moments.shift();
  parts.sum = moments.sum().sum();
  parts.sum_compensation = moments.sum().compensation();
  parts.sum_squares = moments.sum_of_squares().sum();
  parts.sum_squares_compensation = moments.sum_of_squares().compensation();
  parts.min = moments.min();
  parts.max = moments.max();
  auto made = stats::Moments::FromParts(parts);
  if (!made.ok()) return Bad(name, made.status().message());
  counts->moments = *made;
  counts->below_sum = SumFrom(record.below_sum());
  counts->above_sum = SumFrom(record.above_sum());
  return FinenessFrom(record, name, &counts->fineness);
}

void NaturalTo(const profile::NaturalVariation& natural, v1::NaturalVariationRecord* record) {
  record->set_groups(natural.groups);
  record->set_nulls(natural.nulls);
  record->set_nans(natural.nans);
  record->set_infinities(natural.infinities);
  record->set_chunk_rows(natural.chunk_rows);
  record->set_outside(natural.outside);
  record->set_outside_share(natural.outside_share);
  record->mutable_psi_limits()->Assign(natural.psi_limits.begin(), natural.psi_limits.end());
}

absl::Status NaturalFrom(const v1::VariableBaselineRecord& variable,
                         profile::NaturalVariation* natural) {
  if (!variable.has_natural_variation()) return absl::OkStatus();
  const v1::NaturalVariationRecord& record = variable.natural_variation();
  const double outside = record.outside() == 0 ? 1 : record.outside();
  for (const double effect :
       {record.groups(), record.nulls(), record.nans(), record.infinities(), outside}) {
    if (!(effect >= 1 && std::isfinite(effect))) {
      return Bad(variable.name(), "its natural variation has a design effect below 1");
    }
  }
  bool sound = record.chunk_rows() >= 0 && std::isfinite(record.chunk_rows()) &&
               record.outside_share() >= 0 && record.outside_share() <= 1;
  for (const float limit : record.psi_limits()) sound &= limit >= 0 && std::isfinite(limit);
  if (!sound) return Bad(variable.name(), "its natural variation is none");
  *natural = {.groups = record.groups(),
              .nulls = record.nulls(),
              .nans = record.nans(),
              .infinities = record.infinities(),
              .outside = outside,
              .outside_share = record.outside_share(),
              .psi_limits = {record.psi_limits().begin(), record.psi_limits().end()},
              .chunk_rows = record.chunk_rows()};
  return absl::OkStatus();
}

void VariableTo(const VariableBaseline& variable, v1::VariableBaselineRecord* record) {
  record->set_name(variable.variable.name);
  record->set_role(static_cast<uint32_t>(variable.variable.role));
  record->set_kind(static_cast<uint32_t>(variable.variable.kind));
  record->set_type(static_cast<uint32_t>(variable.variable.type));
  CountsTo(variable.counts, record->mutable_counts());
  for (const double edge : variable.bins.edges()) record->add_edges(edge);
  for (size_t i = 0; i < variable.bins.size(); ++i) record->add_atoms(variable.bins.is_atom(i));
  for (const absl::string_view name : variable.categories.names()) {
    record->add_categories(name.data(), name.size());
  }
  if (!variable.is_numeric()) record->set_rest_filter(variable.categories.rest().bytes());
  for (const double quantile : variable.quantiles) record->add_quantiles(quantile);
  record->set_singletons(variable.singletons);
  record->set_distinct(variable.distinct);
  record->set_longest_gap_rows(variable.longest_gap_rows);
  record->set_longest_gap_micros(variable.longest_gap_micros);
  for (const uint64_t gap : variable.longest_category_gap_rows) {
    record->add_longest_category_gap_rows(gap);
  }
  for (const int64_t gap : variable.longest_category_gap_micros) {
    record->add_longest_category_gap_micros(gap);
  }
  NaturalTo(variable.natural, record->mutable_natural_variation());
}

absl::Status CodesFrom(const v1::VariableBaselineRecord& record, VariableBaseline* variable) {
  if (variable->is_numeric()) {
    auto bins = profile::NumericBins::Create({record.edges().begin(), record.edges().end()},
                                             {record.atoms().begin(), record.atoms().end()});
    if (!bins.ok()) return Bad(record.name(), bins.status().message());
    variable->bins = *std::move(bins);
    return CountsFrom(record.counts(), record.name(), variable->bins.size() + 2, &variable->counts);
  }
  auto rest = stats::MembershipFilter::FromBytes(record.rest_filter());
  if (!rest.ok()) return Bad(record.name(), rest.status().message());
  auto table = profile::CategoryTable::Create(
      {record.categories().begin(), record.categories().end()}, *std::move(rest));
  if (!table.ok()) return Bad(record.name(), table.status().message());
  variable->categories = *std::move(table);
  return CountsFrom(record.counts(), record.name(), variable->categories.size() + 2,
                    &variable->counts);
}

absl::Status VariableFrom(const v1::VariableBaselineRecord& record, VariableBaseline* variable) {
  const std::string& name = record.name();
  if (record.role() < 1 || record.role() > 3) return Bad(name, "unknown role");
  if (record.kind() < 1 || record.kind() > 2) return Bad(name, "unknown kind");
  if (record.type() < 1 || record.type() > 5) return Bad(name, "unknown type");
  variable->variable = {name, static_cast<profile::Role>(record.role()),
                        static_cast<profile::Kind>(record.kind()),
                        static_cast<profile::ValueType>(record.type())};
  if (absl::Status codes = CodesFrom(record, variable); !codes.ok()) return codes;
  const int quantiles = record.quantiles_size();
  if (quantiles != 0 && quantiles != static_cast<int>(std::size(profile::kQuantileRanks))) {
    return Bad(name, absl::StrCat(quantiles, " quantiles"));
  }
  for (int i = 0; i < quantiles; ++i) {
    if (!std::isfinite(record.quantiles(i)) ||
        (i > 0 && record.quantiles(i) < record.quantiles(i - 1))) {
      return Bad(name, "quantiles are not finite and ascending");
    }
  }
  if (!std::isfinite(record.distinct()) || record.distinct() < 0) {
    return Bad(name, "the distinct count is not a count");
  }
  const int kept = static_cast<int>(variable->categories.size());
  for (const int gaps :
       {record.longest_category_gap_rows_size(), record.longest_category_gap_micros_size()}) {
    if (gaps != 0 && gaps != kept) return Bad(name, "gaps are not one a category");
  }
  bool negative = record.longest_gap_micros() < 0;
  for (const int64_t gap : record.longest_category_gap_micros()) negative = negative || gap < 0;
  if (negative) return Bad(name, "a gap is negative");
  variable->quantiles.assign(record.quantiles().begin(), record.quantiles().end());
  variable->singletons = record.singletons();
  variable->distinct = record.distinct();
  variable->longest_gap_rows = record.longest_gap_rows();
  variable->longest_gap_micros = record.longest_gap_micros();
  variable->longest_category_gap_rows.assign(record.longest_category_gap_rows().begin(),
                                             record.longest_category_gap_rows().end());
  variable->longest_category_gap_micros.assign(record.longest_category_gap_micros().begin(),
                                               record.longest_category_gap_micros().end());
  const uint64_t values = variable->is_numeric() ? variable->counts.Coded() : 0;
  if (variable->counts.moments.count() != values) return Bad(name, "moments of other values");
  if (absl::Status read = NaturalFrom(record, &variable->natural); !read.ok()) return read;
  profile::Derive(variable);
  return absl::OkStatus();
}

void SampleTo(const Baseline& baseline, v1::BaselineRecord* record) {
  const profile::RowSample& sample = baseline.sample;
  record->set_sample_rows(sample.rows);
  if (sample.rows == 0) return;
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    v1::SampleColumnRecord* column = record->add_sample();
    if (baseline.variables[i].is_numeric()) {
      for (const auto& value : sample.numeric[i]) {
        column->add_numbers(value.value_or(0));
        column->add_nulls(!value.has_value());
      }
    } else {
      for (const auto& value : sample.categorical[i]) {
        column->add_strings(value.value_or(""));
        column->add_nulls(!value.has_value());
      }
    }
  }
}

absl::Status SampleFrom(const v1::BaselineRecord& record, Baseline* baseline) {
  const uint64_t rows = record.sample_rows();
  const size_t variables = baseline->variables.size();
  profile::RowSample& sample = baseline->sample;
  sample.rows = rows;
  sample.numeric.resize(variables);
  sample.categorical.resize(variables);
  if (rows == 0 && record.sample_size() == 0) return absl::OkStatus();
  if (static_cast<size_t>(record.sample_size()) != variables) {
    return absl::InvalidArgumentError("the row sample does not have one column a variable");
  }
  for (size_t i = 0; i < variables; ++i) {
    const v1::SampleColumnRecord& column = record.sample(static_cast<int>(i));
    const bool numeric = baseline->variables[i].is_numeric();
    const int values = numeric ? column.numbers_size() : column.strings_size();
    if (static_cast<uint64_t>(values) != rows || column.nulls_size() != values) {
      return Bad(baseline->variables[i].variable.name, "its row sample has another length");
    }
    for (int row = 0; row < values; ++row) {
      const bool null = column.nulls(row);
      if (numeric) {
        sample.numeric[i].push_back(null ? std::nullopt : std::optional(column.numbers(row)));
      } else {
        sample.categorical[i].push_back(null ? std::nullopt : std::optional(column.strings(row)));
      }
    }
  }
  return absl::OkStatus();
}

// True if it can be computed with; hostile records may say anything.
bool IsSound(const profile::PerformanceTask& task, size_t variables) {
  const auto is_there = [&](uint32_t variable) { return variable < variables; };
  const size_t classes = task.classes.size();
  if (!is_there(task.label) || !is_there(task.prediction.value_or(0)) ||
      !is_there(task.score.value_or(0)) || classes > profile::kMaxClasses ||
      !std::all_of(task.class_scores.begin(), task.class_scores.end(), is_there)) {
    return false;
  }
  switch (task.kind) {
    case profile::TaskKind::kBinary:
      return classes == 2 && task.class_scores.empty() &&
             (task.prediction.has_value() || task.score.has_value());
    case profile::TaskKind::kMultiClass:
      return classes > 2 && !task.score.has_value() &&
             (task.class_scores.size() == classes ||
              (task.class_scores.empty() && task.prediction.has_value()));
    case profile::TaskKind::kRegression:
      return classes == 0 && task.prediction.has_value() && !task.score.has_value() &&
             task.class_scores.empty();
  }
  return false;
}

void TaskTo(const profile::PerformanceTask& task, v1::PerformanceTaskRecord* record) {
  record->set_kind(static_cast<uint32_t>(task.kind));
  record->set_label(task.label);
  if (task.prediction.has_value()) record->set_prediction(*task.prediction);
  if (task.score.has_value()) record->set_score(*task.score);
  for (const uint32_t score : task.class_scores) record->add_class_scores(score);
  record->set_probability(task.probability);
  for (const std::string& name : task.classes) record->add_classes(name);
}

// Of a baseline that was stored before there were tasks, what its variables say.
absl::Status TaskFrom(const v1::BaselineRecord& record, Baseline* baseline) {
  if (!record.has_performance_task()) {
    baseline->task = profile::FindTask(*baseline);
    return absl::OkStatus();
  }
  const v1::PerformanceTaskRecord& stored = record.performance_task();
  profile::PerformanceTask task;
  task.kind = static_cast<profile::TaskKind>(stored.kind());
  task.label = stored.label();
  if (stored.has_prediction()) task.prediction = stored.prediction();
  if (stored.has_score()) task.score = stored.score();
  task.class_scores.assign(stored.class_scores().begin(), stored.class_scores().end());
  task.probability = stored.probability();
  task.classes.assign(stored.classes().begin(), stored.classes().end());
  if (!IsSound(task, baseline->variables.size())) {
    return absl::InvalidArgumentError("the task of its performance is none");
  }
  baseline->performance = record.performance();
  if (!baseline->performance.empty()) {
    const auto counts = profile::DecodePerformance(*baseline, task, baseline->performance);
    if (!counts.ok()) return absl::InvalidArgumentError(counts.status().message());
  }
  baseline->task = std::move(task);
  return absl::OkStatus();
}

}  // namespace

v1::BaselineRecord ToRecord(const Baseline& baseline) {
  v1::BaselineRecord record;
  record.set_model(baseline.model);
  record.set_version(baseline.version);
  record.set_number(baseline.number);
  record.set_description(baseline.description);
  record.set_created_at_micros(absl::ToUnixMicros(baseline.created_at));
  record.set_rows(baseline.rows);
  if (baseline.data_start) record.set_data_start_micros(absl::ToUnixMicros(*baseline.data_start));
  if (baseline.data_end) record.set_data_end_micros(absl::ToUnixMicros(*baseline.data_end));
  for (const VariableBaseline& variable : baseline.variables) {
    VariableTo(variable, record.add_variables());
  }
  for (const std::vector<uint32_t>& group : baseline.probability_groups) {
    v1::ProbabilityGroupRecord* added = record.add_probability_groups();
    for (const uint32_t variable : group) added->add_variables(variable);
  }
  if (!baseline.environment.empty()) {
    *record.mutable_environment() = ToRecord(baseline.environment);
  }
  if (baseline.task.has_value()) TaskTo(*baseline.task, record.mutable_performance_task());
  record.set_performance(baseline.performance);
  for (const profile::BaselineChunk& chunk : baseline.chunks) {
    v1::BaselineChunkRecord* added = record.add_chunks();
    added->set_rows(chunk.rows);
    if (chunk.start) added->set_start_micros(absl::ToUnixMicros(*chunk.start));
    if (chunk.end) added->set_end_micros(absl::ToUnixMicros(*chunk.end));
    added->set_pane(chunk.pane);
  }
  SampleTo(baseline, &record);
  record.set_seasons(baseline.seasons);
  record.set_in_time_order(baseline.in_time_order);
  return record;
}

bool HasNaturalVariation(const v1::BaselineRecord& record) {
  return record.variables_size() > 0 && record.variables(0).has_natural_variation();
}

absl::StatusOr<Baseline> FromRecord(const v1::BaselineRecord& record) {
  Baseline baseline;
  baseline.model = record.model();
  baseline.version = record.version();
  baseline.number = record.number();
  baseline.description = record.description();
  baseline.created_at = absl::FromUnixMicros(record.created_at_micros());
  baseline.rows = record.rows();
  if (record.has_data_start_micros()) {
    baseline.data_start = absl::FromUnixMicros(record.data_start_micros());
  }
  if (record.has_data_end_micros()) {
    baseline.data_end = absl::FromUnixMicros(record.data_end_micros());
  }
  baseline.in_time_order = record.in_time_order();
  std::vector<profile::Variable> variables;
  // Exactly: they are many, and live long.
  variables.reserve(static_cast<size_t>(record.variables_size()));
  baseline.variables.reserve(static_cast<size_t>(record.variables_size()));
  for (const v1::VariableBaselineRecord& variable : record.variables()) {
    absl::Status read = VariableFrom(variable, &baseline.variables.emplace_back());
    if (!read.ok()) return read;
    if (baseline.variables.back().counts.rows != baseline.rows) {
      return Bad(variable.name(), "its rows are not the baseline's");
    }
    variables.push_back(baseline.variables.back().variable);
  }
  auto schema = profile::Schema::Create(std::move(variables));
  if (!schema.ok()) return schema.status();
  baseline.schema = *std::move(schema);
  for (const v1::ProbabilityGroupRecord& group : record.probability_groups()) {
    if (group.variables_size() < 2) {
      return absl::InvalidArgumentError("a group of probabilities has fewer than two");
    }
    for (const uint32_t variable : group.variables()) {
      if (variable >= baseline.variables.size() || !baseline.variables[variable].is_numeric()) {
        return absl::InvalidArgumentError(
            absl::StrCat("a group of probabilities names variable ", variable));
      }
    }
    baseline.probability_groups.emplace_back(group.variables().begin(), group.variables().end());
  }
  if (record.has_environment()) {
    auto environment = FromRecord(record.environment());
    if (!environment.ok()) return environment.status();
    baseline.environment = *std::move(environment);
  }
  for (const v1::BaselineChunkRecord& chunk : record.chunks()) {
    auto pane = profile::DecodePane(baseline, chunk.pane());
    if (!pane.ok()) return pane.status();
    if (pane->rows != chunk.rows()) {
      return absl::InvalidArgumentError(absl::StrCat("a chunk of ", chunk.rows(), " rows has ",
                                                     pane->rows, " rows in its counts"));
    }
    profile::BaselineChunk& added = baseline.chunks.emplace_back();
    added.rows = chunk.rows();
    if (chunk.has_start_micros()) added.start = absl::FromUnixMicros(chunk.start_micros());
    if (chunk.has_end_micros()) added.end = absl::FromUnixMicros(chunk.end_micros());
    added.pane = chunk.pane();
  }
  if (absl::Status sample = SampleFrom(record, &baseline); !sample.ok()) return sample;
  baseline.seasons = record.seasons();
  if (!baseline.seasons.empty()) {
    const auto counts = profile::DecodeSeasons(baseline, baseline.seasons);
    if (!counts.ok()) return absl::InvalidArgumentError(counts.status().message());
  }
  if (absl::Status task = TaskFrom(record, &baseline); !task.ok()) return task;
  if (!HasNaturalVariation(record)) {
    if (absl::Status learnt = profile::LearnNaturalVariation(&baseline); !learnt.ok()) {
      return learnt;
    }
  }
  return baseline;
}

v1::BaselineHeadRecord HeadOf(const Baseline& baseline) {
  v1::BaselineHeadRecord head;
  head.set_rows(baseline.rows);
  head.set_variables(static_cast<uint32_t>(baseline.variables.size()));
  head.set_created_at_micros(absl::ToUnixMicros(baseline.created_at));
  if (baseline.data_start) head.set_data_start_micros(absl::ToUnixMicros(*baseline.data_start));
  if (baseline.data_end) head.set_data_end_micros(absl::ToUnixMicros(*baseline.data_end));
  head.set_description(baseline.description);
  return head;
}

}  // namespace plumbline::storage
