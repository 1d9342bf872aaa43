#include "server/profile/baseline_builder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/baseline_sketch.h"
#include "server/profile/category_counter.h"
#include "server/profile/chunk_list.h"
#include "server/profile/column_counter.h"
#include "server/profile/gap_clock.h"
#include "server/profile/pane.h"
#include "server/profile/row_sampler.h"
#include "server/profile/schema_of_batch.h"
#include "server/profile/time_span.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

constexpr size_t kLeastDistinctCapacity = 1024;
constexpr uint32_t kUncoded = ~uint32_t{0};

// One variable in the first pass: one of the two, by its kind.
struct FirstPass {
  std::optional<NumericSketch> numeric;
  std::optional<CategoricalSketch> categorical;
};

// One variable in the second pass.
struct SecondPass {
  GapClock gap;
  std::optional<CategoryCounter> categories;  // if categorical
};

// Smallest atom whose rank is at least each of kQuantileRanks: for a variable all of atoms.
std::vector<double> ExactQuantiles(const VariableBaseline& variable) {
  std::vector<double> quantiles;
  const double total = static_cast<double>(variable.counts.Coded());
  size_t bin = 0;
  double at_or_below = static_cast<double>(variable.counts.codes[1]);
  for (const double rank : kQuantileRanks) {
    while (bin + 1 < variable.bins.size() && at_or_below < rank * total) {
      at_or_below += static_cast<double>(variable.counts.codes[++bin + 1]);
    }
    quantiles.push_back(variable.bins.edges()[bin]);
  }
  return quantiles;
}

}  // namespace

struct BaselineBuilder::Impl {
  Impl(std::vector<VariableHint> hints, BaselineOptions options)
      : options(options), hints(std::move(hints)) {}

  absl::Status Begin(const BatchView& batch);
  void BeginCounting();
  void CountNumeric(const BatchView& batch, const ColumnView& column, size_t index, uint32_t begin,
                    uint32_t end);
  void CountCategorical(const BatchView& batch, const ColumnView& column, size_t index,
                        uint32_t begin, uint32_t end);
  absl::Status FinishVariable(size_t index, const VariableCounts& counts,
                              std::vector<uint32_t>* final_codes, SpanSample* rest,
                              VariableBaseline* variable);

  int64_t TimeOf(const BatchView& batch, uint32_t row) const {
    return times.everywhere ? EventMicros(batch, row) : 0;
  }
  int64_t start_micros() const { return times.everywhere ? times.oldest : 0; }
  int64_t end_micros() const { return times.everywhere ? times.newest : 0; }

  const BaselineOptions options;
  const std::vector<VariableHint> hints;
  Schema schema;
  uint64_t rows = 0;  // of the first pass
  TimeSpan times;
  std::vector<FirstPass> first;
  // Second pass. The draft has the codes of candidates where the baseline has those of categories.
  uint64_t counted = 0;
  TimeSpan counted_times;
  Baseline draft;
  std::vector<SecondPass> second;
  std::optional<ChunkList> chunks;
  std::optional<RowSampler> sampler;
};

absl::Status BaselineBuilder::Impl::Begin(const BatchView& batch) {
  absl::StatusOr<Schema> created = SchemaOf(batch, hints);
  if (!created.ok()) return created.status();
  schema = *std::move(created);
  const size_t share = options.max_distinct_entries / std::max<size_t>(schema.size(), 1);
  const size_t capacity =
      std::min(options.distinct_sample_capacity, std::max(share, kLeastDistinctCapacity));
  first.resize(schema.size());
  for (size_t i = 0; i < schema.size(); ++i) {
    if (schema.variables()[i].kind == Kind::kNumeric) {
      first[i].numeric.emplace(capacity);
    } else {
      first[i].categorical.emplace(capacity);
    }
  }
  return absl::OkStatus();
}

void BaselineBuilder::Impl::BeginCounting() {
  draft.schema = schema;
  draft.variables.resize(schema.size());
  second.resize(schema.size(), SecondPass{GapClock(start_micros()), std::nullopt});
  std::vector<Kind> kinds;
  double row_bytes = 0;  // as RowSampler counts them
  for (size_t i = 0; i < schema.size(); ++i) {
    VariableBaseline& variable = draft.variables[i];
    variable.variable = schema.variables()[i];
    kinds.push_back(variable.variable.kind);
    if (first[i].numeric.has_value()) {
      first[i].numeric->Describe(&variable);
      row_bytes += 9;
      continue;
    }
    CategoricalSketch& sketch = *first[i].categorical;
    std::vector<uint64_t> candidates = sketch.Candidates();
    variable.distinct = sketch.distinct().EstimatedDistinct();
    variable.singletons =
        static_cast<uint64_t>(std::llround(sketch.distinct().EstimatedSingletons()));
    variable.counts.codes = CodeCounts(candidates.size() + 2);
    row_bytes += 8 + sketch.MeanBytes();
    // Candidates that are not kept go into the filter too.
    const auto kept = std::min(candidates.size(), options.max_categories);
    second[i].categories.emplace(
        std::move(candidates), variable.distinct - static_cast<double>(kept),
        sketch.distinct().level(), options.max_filter_bytes, start_micros());
    sketch.Forget();
  }
  chunks.emplace(draft, rows, options.max_chunks, options.max_chunk_bytes);
  sampler.emplace(std::move(kinds), rows, row_bytes, options.max_sample_rows,
                  options.max_sample_bytes);
}

void BaselineBuilder::Impl::CountNumeric(const BatchView& batch, const ColumnView& column,
                                         size_t index, uint32_t begin, uint32_t end) {
  VariableCounts* const counts = &chunks->current()->variables[index];
  CountNumericColumn(draft.variables[index], column, begin, end, counts);
  SampleFineness(column, begin, end, static_cast<uint32_t>((counted * 0x9e3779b1u) >> 16),
                 &counts->fineness);
  GapClock& gap = second[index].gap;
  ForEachNumber(
      column, begin, end,
      [&](uint32_t row, double value) {
        if (!std::isnan(value)) gap.See(counted + row, TimeOf(batch, row));
      },
      [](uint32_t) {});
}

void BaselineBuilder::Impl::CountCategorical(const BatchView& batch, const ColumnView& column,
                                             size_t index, uint32_t begin, uint32_t end) {
  VariableCounts& counts = chunks->current()->variables[index];
  GapClock& gap = second[index].gap;
  CategoryCounter& categories = *second[index].categories;
  const auto see = [&](uint32_t row, uint32_t code) {
    const int64_t time = TimeOf(batch, row);
    counts.codes.Add(code);
    gap.See(counted + row, time);
    categories.See(code, counted + row, time);
  };
  if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    std::vector<uint32_t> codes(dictionary->dictionary.size(), kUncoded);
    std::vector<uint32_t> rows(codes.size());
    counts.nulls += ForValidRows(column, begin, end, [&](uint32_t row) {
      const uint32_t entry = dictionary->indices[row];
      if (codes[entry] == kUncoded) codes[entry] = categories.Code(dictionary->dictionary[entry]);
      see(row, codes[entry]);
      ++rows[entry];
    });
    for (size_t entry = 0; entry < codes.size(); ++entry) {
      categories.SeeIn(chunks->piece(), dictionary->dictionary[entry], codes[entry], rows[entry]);
    }
    return;
  }
  ForEachCategory(
      column, begin, end,
      [&](uint32_t row, absl::string_view category) {
        const uint32_t code = categories.Code(category);
        see(row, code);
        categories.SeeIn(chunks->piece(), category, code);
      },
      [&](uint32_t) { ++counts.nulls; });
}

absl::Status BaselineBuilder::Impl::FinishVariable(size_t index, const VariableCounts& counts,
                                                   std::vector<uint32_t>* final_codes,
                                                   SpanSample* rest, VariableBaseline* variable) {
  const absl::Status differs = absl::FailedPreconditionError(
      absl::StrCat("variable \"", variable->variable.name,
                   "\": the second pass has other values than the first"));
  SecondPass& pass = second[index];
  pass.gap.End(rows, end_micros());
  variable->longest_gap_rows = pass.gap.longest_rows();
  variable->longest_gap_micros = pass.gap.longest_micros();
  variable->counts = counts;
  if (first[index].numeric.has_value()) {
    const bool outside = counts.codes.front() + counts.codes.back() > 0;
    if (outside || counts.Coded() != first[index].numeric->moments().count()) return differs;
    if (first[index].numeric->IsExact()) variable->quantiles = ExactQuantiles(*variable);
    return absl::OkStatus();
  }
  if (counts.Coded() != first[index].categorical->values()) return differs;
  absl::StatusOr<CategoryCounter::Result> result =
      std::move(*pass.categories).Finish(counts.codes, options.max_categories, rows, end_micros());
  if (!result.ok()) return result.status();
  variable->counts.codes = RemapCodes(counts.codes, result->final_codes);
  variable->categories = std::move(result->table);
  variable->longest_category_gap_rows = std::move(result->longest_gap_rows);
  variable->longest_category_gap_micros = std::move(result->longest_gap_micros);
  *final_codes = std::move(result->final_codes);
  *rest = std::move(result->rest);
  for (CategorySpan& span : rest->spans) {
    span.first /= chunks->width();
    span.last /= chunks->width();
  }
  return absl::OkStatus();
}

BaselineBuilder::BaselineBuilder(std::vector<VariableHint> hints, BaselineOptions options)
    : impl_(std::make_unique<Impl>(std::move(hints), options)) {}

BaselineBuilder::~BaselineBuilder() = default;

uint64_t BaselineBuilder::rows() const { return impl_->rows; }

bool BaselineBuilder::InTimeOrder() const {
  return !impl_->times.everywhere || impl_->times.in_order;
}

absl::Status BaselineBuilder::Sketch(const BatchView& batch) {
  Impl& impl = *impl_;
  if (impl.first.empty()) {
    if (absl::Status begun = impl.Begin(batch); !begun.ok()) return begun;
  }
  const auto columns = ColumnsBySchema(impl.schema, batch);
  if (!columns.ok()) return columns.status();
  for (size_t i = 0; i < columns->size(); ++i) {
    const ColumnView& column = *(*columns)[i];
    if (impl.first[i].numeric.has_value()) {
      impl.first[i].numeric->Add(column, batch.rows);
      continue;
    }
    const absl::Status added =
        impl.first[i].categorical->Add(column, batch.rows, impl.options.max_category_bytes);
    if (!added.ok()) return added;
  }
  impl.times.Add(batch, 0, batch.rows);
  impl.rows += batch.rows;
  return absl::OkStatus();
}

absl::Status BaselineBuilder::FinishSketch() {
  Impl& impl = *impl_;
  if (impl.rows == 0) return absl::InvalidArgumentError("the baseline has no rows");
  if (impl.chunks.has_value()) return absl::FailedPreconditionError("the first pass is over");
  for (const VariableHint& hint : impl.hints) {
    if (!impl.schema.Find(hint.name).has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", hint.name, "\" is described, but no batch has it"));
    }
  }
  impl.BeginCounting();
  return absl::OkStatus();
}

absl::Status BaselineBuilder::Count(const BatchView& batch) {
  Impl& impl = *impl_;
  if (!impl.chunks.has_value() || batch.rows > impl.rows - impl.counted) {
    return absl::FailedPreconditionError("the second pass has more rows than the first");
  }
  const auto columns = ColumnsBySchema(impl.schema, batch);
  impl.counted_times.Add(batch, 0, batch.rows);
  if (!columns.ok()) return absl::FailedPreconditionError(columns.status().message());
  if (impl.times.everywhere && !impl.counted_times.everywhere) {
    return absl::FailedPreconditionError("the second pass lacks event times that the first had");
  }
  impl.sampler->Add(*columns, batch.rows);
  for (uint32_t begin = 0; begin < batch.rows;) {
    const uint64_t room = impl.chunks->RowsLeft();
    const auto end = static_cast<uint32_t>(std::min<uint64_t>(batch.rows, begin + room));
    Pane* pane = impl.chunks->current();
    for (size_t i = 0; i < columns->size(); ++i) {
      const ColumnView& column = *(*columns)[i];
      pane->variables[i].rows += end - begin;
      if (impl.first[i].numeric.has_value()) {
        impl.CountNumeric(batch, column, i, begin, end);
      } else {
        impl.CountCategorical(batch, column, i, begin, end);
      }
    }
    pane->rows += end - begin;
    if (impl.times.everywhere) {
      TimeSpan part;
      part.Add(batch, begin, end);
      impl.chunks->See(part.oldest, part.newest);
    }
    if (absl::Status closed = impl.chunks->CloseIfFull(); !closed.ok()) return closed;
    begin = end;
  }
  impl.counted += batch.rows;
  return absl::OkStatus();
}

absl::StatusOr<Baseline> BaselineBuilder::Finish() {
  Impl& impl = *impl_;
  if (!impl.chunks.has_value() || impl.counted != impl.rows) {
    return absl::FailedPreconditionError("the second pass has fewer rows than the first");
  }
  const absl::StatusOr<Pane> total = impl.chunks->Total();
  if (!total.ok()) return total.status();
  Baseline baseline = impl.draft;
  baseline.rows = impl.rows;
  if (impl.times.everywhere) {
    baseline.data_start = absl::FromUnixMicros(impl.times.oldest);
    baseline.data_end = absl::FromUnixMicros(impl.times.newest);
    baseline.in_time_order = impl.counted_times.in_order && impl.times.oldest < impl.times.newest;
  }
  std::vector<std::vector<uint32_t>> final_codes(baseline.variables.size());
  std::vector<SpanSample> rest(baseline.variables.size());
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    VariableBaseline& variable = baseline.variables[i];
    const absl::Status finished =
        impl.FinishVariable(i, total->variables[i], &final_codes[i], &rest[i], &variable);
    if (!finished.ok()) return finished;
    Derive(&variable);
  }
  absl::StatusOr<std::vector<BaselineChunk>> chunks = std::move(*impl.chunks).Finish(final_codes);
  if (!chunks.ok()) return chunks.status();
  baseline.chunks = *std::move(chunks);
  baseline.sample = std::move(*impl.sampler).Finish();
  baseline.probability_groups = FindProbabilityGroups(baseline);
  if (absl::Status learnt = LearnNaturalVariation(&baseline, rest); !learnt.ok()) {
    return absl::InternalError(learnt.message());
  }
  return baseline;
}

}  // namespace plumbline::profile
