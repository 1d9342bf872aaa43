#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/fixed_array.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/profile/byte_io.h"
#include "server/profile/count_codec.h"
#include "server/profile/moments_codec.h"
#include "server/profile/outcome_codec.h"
#include "server/profile/pane.h"

// Layout of version 2: version byte; rows; how many variables, and of each a byte that says what
// follows: those of its counters that are not 0, its codes (see count_codec.h), moments, tail sums
// if codes are below or above the bins, unseen names. Then unknown variables as (name, rows) behind
// their number; overflow; and the faults of predictions, if there are any. Version 3 has the faults
// in any case (0 rows: none), and then the outcomes (see outcome_codec.h). Version 4, which is
// written, has a byte that says which parts follow: faults, now each by itself, outcomes, fineness.
// Version 1 had all eight counters, the codes as pairs, the number of values in the moments, and
// flags of its own.
namespace plumbline::profile {
namespace {

constexpr uint8_t kVersion = 4;
constexpr uint8_t kOutcomesVersion = 3;
constexpr uint8_t kSecondVersion = 2;
constexpr uint8_t kFirstVersion = 1;

// The parts of version 4.
constexpr uint8_t kHasFaults = 1;
constexpr uint8_t kHasOutcomes = 2;
constexpr uint8_t kHasFineness = 4;

// The counters of a variable that have a bit of their own, the lowest first.
constexpr uint64_t VariableCounts::*kCounters[] = {&VariableCounts::nulls,
                                                   &VariableCounts::nans,
                                                   &VariableCounts::positive_infinities,
                                                   &VariableCounts::negative_infinities,
                                                   &VariableCounts::wrong_type,
                                                   &VariableCounts::absent};
constexpr uint8_t kHasMoments = 64;
constexpr uint8_t kHasUnseenNames = 128;

// The flags of version 1.
constexpr uint8_t kFirstHasMoments = 1;
constexpr uint8_t kFirstHasBelow = 2;
constexpr uint8_t kFirstHasAbove = 4;
constexpr uint8_t kFirstHasUnseenNames = 8;

void WriteNames(const UnseenNames& names, ByteWriter* out) {
  out->Varint(names.rows().size());
  for (const auto& [name, rows] : names.rows()) {
    out->Text(name);
    out->Varint(rows);
  }
}

absl::Status ReadNames(ByteReader* in, UnseenNames* names) {
  const uint64_t size = in->Varint();
  if (size > UnseenNames::kCapacity) return absl::DataLossError("too many unseen names");
  for (uint64_t i = 0; i < size && in->ok(); ++i) {
    const absl::string_view name = in->Text();
    if (name.size() > UnseenNames::kMaxBytes)
      return absl::DataLossError("an unseen name is too long");
    names->Add(name, in->Varint());
  }
  return absl::OkStatus();
}

void WriteVariable(const VariableCounts& counts, ByteWriter* out) {
  const bool moments = counts.moments.count() > 0;
  uint8_t has = (moments ? kHasMoments : 0) | (counts.unseen_names.empty() ? 0 : kHasUnseenNames);
  // Not by their index: g++ 12 with -fsanitize=undefined loses these bits then.
  uint8_t bit = 1;
  for (const auto counter : kCounters) {
    if (counts.*counter > 0) has |= bit;
    bit = static_cast<uint8_t>(bit << 1);
  }
  out->Byte(has);
  for (const auto counter : kCounters) {
    if (counts.*counter > 0) out->Varint(counts.*counter);
  }
  WriteCounts(counts.codes, out);
  if (moments) {
    WriteMoments(counts.moments, out);
    if (counts.codes.front() > 0) WriteSum(counts.below_sum, out);
    if (counts.codes.back() > 0) WriteSum(counts.above_sum, out);
  }
  if (!counts.unseen_names.empty()) WriteNames(counts.unseen_names, out);
}

using Codes = absl::Span<uint64_t>;

// Every row of the slice is in exactly one counter. Hostile counters may not even add.
bool AddsUp(const VariableCounts& counts, Codes codes) {
  uint64_t left = counts.rows;
  bool ok = true;
  const auto take = [&](uint64_t count) {
    ok = ok && count <= left;
    left -= ok ? count : 0;
  };
  for (const auto counter : kCounters) take(counts.*counter);
  for (const uint64_t count : codes) take(count);
  return ok && left == 0;
}

uint64_t Total(Codes codes) { return std::accumulate(codes.begin(), codes.end(), uint64_t{0}); }

absl::Status ReadSecondVersion(ByteReader* in, Codes codes, VariableCounts* counts) {
  const uint8_t has = in->Byte();
  uint8_t bit = 1;
  for (const auto counter : kCounters) {
    if ((has & bit) != 0) counts->*counter = in->Varint();
    bit = static_cast<uint8_t>(bit << 1);
  }
  if (absl::Status read = ReadCounts(in, codes); !read.ok()) return read;
  if ((has & kHasMoments) != 0) {
    absl::Status moments = ReadMoments(Total(codes), in, &counts->moments);
    if (!moments.ok()) return moments;
    if (codes.front() > 0) counts->below_sum = ReadSum(in);
    if (codes.back() > 0) counts->above_sum = ReadSum(in);
  }
  return (has & kHasUnseenNames) != 0 ? ReadNames(in, &counts->unseen_names) : absl::OkStatus();
}

absl::Status ReadFirstVersion(ByteReader* in, Codes codes, VariableCounts* counts) {
  const uint64_t rows = in->Varint();
  if (rows != counts->rows) return absl::DataLossError("its rows are not the pane's");
  for (const auto counter : kCounters) counts->*counter = in->Varint();
  if (absl::Status read = ReadCountPairs(in, codes); !read.ok()) return read;
  const uint8_t has = in->Byte();
  if (has >= 2 * kFirstHasUnseenNames) return absl::DataLossError("unknown flags");
  if ((has & kFirstHasMoments) != 0) {
    const uint64_t values = in->Varint();
    if (values != Total(codes)) return absl::DataLossError("moments of other values");
    absl::Status moments = ReadMoments(values, in, &counts->moments);
    if (!moments.ok()) return moments;
  }
  if ((has & kFirstHasBelow) != 0) counts->below_sum = ReadSum(in);
  if ((has & kFirstHasAbove) != 0) counts->above_sum = ReadSum(in);
  return (has & kFirstHasUnseenNames) != 0 ? ReadNames(in, &counts->unseen_names)
                                           : absl::OkStatus();
}

absl::Status ReadVariable(const VariableBaseline& baseline, uint8_t version, ByteReader* in,
                          VariableCounts* counts) {
  // More than kMaxCodes only while a baseline is built, of which all candidates are counted.
  absl::FixedArray<uint64_t, kMaxCodes> room(baseline.counts.codes.size());
  const Codes codes = absl::MakeSpan(room);
  absl::Status status = version == kFirstVersion ? ReadFirstVersion(in, codes, counts)
                                                 : ReadSecondVersion(in, codes, counts);
  if (!status.ok()) return status;
  const uint64_t values = baseline.is_numeric() ? Total(codes) : 0;
  if (!in->ok() || !AddsUp(*counts, codes) || counts->moments.count() != values) {
    return absl::DataLossError("the counters do not add up");
  }
  counts->codes = CodeCounts::Of(codes);
  return absl::OkStatus();
}

// Pairs of (entries skipped, count) of those that are not 0, behind their number.
void WriteSparse(absl::Span<const uint64_t> counts, ByteWriter* out) {
  out->Varint(static_cast<uint64_t>(
      std::count_if(counts.begin(), counts.end(), [](uint64_t count) { return count > 0; })));
  size_t next = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    out->Varint(i - next);
    out->Varint(counts[i]);
    next = i + 1;
  }
}

// None may be above `most`.
absl::Status ReadSparse(uint64_t most, ByteReader* in, absl::Span<uint64_t> counts) {
  if (absl::Status read = ReadCountPairs(in, counts); !read.ok()) return read;
  for (const uint64_t count : counts) {
    if (count > most) return absl::DataLossError("more faults than rows");
  }
  return absl::OkStatus();
}

void WriteFaults(const PredictionFaults& faults, ByteWriter* out) {
  out->Varint(faults.rows);
  WriteSparse(faults.outside, out);
  WriteSparse(faults.wrong_sums, out);
  out->Varint(faults.faults.size());
  for (const auto& [key, fault] : faults.faults) {
    out->Byte(static_cast<uint8_t>(key.first));
    out->Varint(key.second);
    out->Varint(fault.rows);
    out->Varint(fault.inspected);
    out->Varint(fault.inputs.size());
    size_t next = 0;
    for (const auto& [input, rows] : fault.inputs) {
      const size_t at = input.first * kInputStates + static_cast<size_t>(input.second);
      out->Varint(at - next);
      out->Varint(rows);
      next = at + 1;
    }
  }
}

absl::Status ReadFaultsByRows(const Baseline& baseline, uint64_t rows, ByteReader* in,
                              PredictionFaults* faults) {
  faults->outside.resize(baseline.variables.size());
  faults->wrong_sums.resize(baseline.probability_groups.size());
  absl::Status read = ReadSparse(rows, in, absl::MakeSpan(faults->outside));
  read.Update(ReadSparse(rows, in, absl::MakeSpan(faults->wrong_sums)));
  return read;
}

absl::Status ReadInputs(const Baseline& baseline, ByteReader* in, FaultyRows* fault) {
  std::vector<uint64_t> states(baseline.variables.size() * kInputStates);
  absl::Status read = ReadSparse(fault->inspected, in, absl::MakeSpan(states));
  for (size_t i = 0; read.ok() && i < states.size(); ++i) {
    if (states[i] == 0) continue;
    fault->inputs[{static_cast<uint32_t>(i / kInputStates),
                   static_cast<InputState>(i % kInputStates)}] = states[i];
  }
  return read;
}

// At most `rows`, of which the fault has some.
absl::Status ReadFaultyRows(uint64_t rows, ByteReader* in, FaultyRows* fault) {
  fault->rows = in->Varint();
  fault->inspected = in->Varint();
  return fault->rows > 0 && fault->rows <= rows && fault->inspected <= fault->rows
             ? absl::OkStatus()
             : absl::DataLossError("faults of more rows than there are");
}

absl::Status ReadFaults(const Baseline& baseline, uint64_t rows, ByteReader* in,
                        PredictionFaults* faults) {
  faults->rows = in->Varint();
  if (faults->rows == 0 || faults->rows > rows) {
    return absl::DataLossError("faults of more rows than there are");
  }
  absl::Status read = ReadFaultsByRows(baseline, faults->rows, in, faults);
  const uint64_t size = in->Varint();
  FaultKey last = {FaultKind::kNan, 0};
  for (uint64_t i = 0; i < size && read.ok(); ++i) {
    const uint8_t kind = in->Byte();
    const uint64_t number = in->Varint();
    if (kind >= kFaultKinds || number > kFaultsApart) return absl::DataLossError("unknown fault");
    const FaultKey key(static_cast<FaultKind>(kind), static_cast<uint32_t>(number));
    if (i > 0 && key <= last) return absl::DataLossError("faults out of order");
    last = key;
    FaultyRows& fault = faults->faults[key];
    read.Update(ReadFaultyRows(faults->rows, in, &fault));
    if (read.ok()) read.Update(ReadInputs(baseline, in, &fault));
  }
  return read;
}

// As versions 2 and 3 had them: one of all kinds.
absl::Status ReadFaultsAsOne(const Baseline& baseline, uint64_t rows, ByteReader* in,
                             PredictionFaults* faults) {
  FaultyRows& fault = faults->faults[{FaultKind::kAny, 0}];
  absl::Status read = ReadFaultyRows(rows, in, &fault);
  faults->rows = fault.rows;
  if (read.ok()) read.Update(ReadInputs(baseline, in, &fault));
  if (read.ok()) read.Update(ReadFaultsByRows(baseline, fault.rows, in, faults));
  return read;
}

bool HasFineness(const Pane& pane) {
  return std::any_of(pane.variables.begin(), pane.variables.end(),
                     [](const VariableCounts& counts) { return counts.fineness.values > 0; });
}

void WriteFineness(const Pane& pane, ByteWriter* out) {
  for (const VariableCounts& counts : pane.variables) {
    const Fineness& fineness = counts.fineness;
    out->Varint(fineness.values);
    if (fineness.values == 0) continue;
    out->Varint(fineness.float32);
    WriteSparse(fineness.decimals, out);
  }
}

absl::Status ReadFineness(ByteReader* in, Pane* pane) {
  for (VariableCounts& counts : pane->variables) {
    Fineness& fineness = counts.fineness;
    fineness.values = in->Varint();
    if (fineness.values == 0) continue;
    fineness.float32 = in->Varint();
    const absl::Span<uint64_t> decimals = absl::MakeSpan(fineness.decimals);
    if (absl::Status read = ReadCountPairs(in, decimals); !read.ok()) return read;
    // Hostile counters may not even add.
    uint64_t left = fineness.values;
    bool fits = fineness.values <= counts.moments.count() && fineness.float32 <= left;
    for (const uint64_t count : decimals) {
      fits = fits && count <= left;
      left -= fits ? count : 0;
    }
    if (!fits || left != 0) return absl::DataLossError("fineness of other values");
  }
  return absl::OkStatus();
}

absl::Status ReadParts(const Baseline& baseline, ByteReader* in, Pane* pane) {
  const uint8_t parts = in->Byte();
  if (parts >= 2 * kHasFineness) return absl::DataLossError("unknown parts");
  absl::Status read;
  if ((parts & kHasFaults) != 0) {
    read.Update(ReadFaults(baseline, pane->rows, in, &pane->faults));
  }
  if (read.ok() && (parts & kHasOutcomes) != 0) {
    read.Update(ReadOutcomes(baseline, pane->rows, in, &pane->outcomes));
  }
  if (read.ok() && (parts & kHasFineness) != 0) read.Update(ReadFineness(in, pane));
  return read;
}

// What follows the variables that the baseline does not know.
absl::Status ReadRest(const Baseline& baseline, uint8_t version, ByteReader* in, Pane* pane) {
  if (version == kFirstVersion || !in->ok()) return absl::OkStatus();
  if (version == kVersion) return ReadParts(baseline, in, pane);
  if (in->AtEnd()) {
    return version == kSecondVersion ? absl::OkStatus()
                                     : absl::DataLossError("the outcomes are missing");
  }
  if (version == kSecondVersion || in->rest().front() != 0) {
    absl::Status faults = ReadFaultsAsOne(baseline, pane->rows, in, &pane->faults);
    if (!faults.ok()) return faults;
  } else {
    in->Skip(1);
  }
  if (version == kSecondVersion) return absl::OkStatus();
  return ReadOutcomes(baseline, pane->rows, in, &pane->outcomes);
}

}  // namespace

std::string EncodePane(const Pane& pane) {
  ByteWriter out;
  out.Byte(kVersion);
  out.Varint(pane.rows);
  out.Varint(pane.variables.size());
  for (const VariableCounts& counts : pane.variables) WriteVariable(counts, &out);
  out.Varint(pane.unknown_variables.size());
  for (const auto& [name, rows] : pane.unknown_variables) {
    out.Text(name);
    out.Varint(rows);
  }
  out.Varint(pane.unknown_overflow);
  const bool fineness = HasFineness(pane);
  out.Byte(static_cast<uint8_t>((pane.faults.empty() ? 0 : kHasFaults) |
                                (pane.outcomes.empty() ? 0 : kHasOutcomes) |
                                (fineness ? kHasFineness : 0)));
  if (!pane.faults.empty()) WriteFaults(pane.faults, &out);
  if (!pane.outcomes.empty()) WriteOutcomes(pane.outcomes, &out);
  if (fineness) WriteFineness(pane, &out);
  return out.Take();
}

absl::StatusOr<Pane> DecodePane(const Baseline& baseline, absl::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.Byte();
  if (version < kFirstVersion || version > kVersion) {
    return absl::DataLossError("not a pane of a known version");
  }
  // Not Pane(baseline): its codes would be made twice.
  Pane pane;
  pane.rows = in.Varint();
  pane.variables.resize(baseline.variables.size());
  if (in.Varint() != pane.variables.size()) {
    return absl::DataLossError("the pane's variables are not the baseline's");
  }
  for (size_t i = 0; i < pane.variables.size(); ++i) {
    const VariableBaseline& variable = baseline.variables[i];
    pane.variables[i].rows = pane.rows;
    pane.variables[i].moments = stats::Moments(variable.counts.moments.shift());
    const absl::Status read = ReadVariable(variable, version, &in, &pane.variables[i]);
    if (!read.ok()) {
      return absl::DataLossError(
          absl::StrCat("variable \"", variable.variable.name, "\": ", read.message()));
    }
  }
  const uint64_t unknown = in.Varint();
  if (unknown > kMaxUnknownVariables) return absl::DataLossError("too many unknown variables");
  for (uint64_t i = 0; i < unknown && in.ok(); ++i) {
    const absl::string_view name = in.Text();
    pane.unknown_variables[std::string(name)] = in.Varint();
  }
  pane.unknown_overflow = in.Varint();
  if (absl::Status rest = ReadRest(baseline, version, &in, &pane); !rest.ok()) return rest;
  if (!in.ok() || !in.AtEnd()) return absl::DataLossError("the pane is cut short or too long");
  return pane;
}

}  // namespace plumbline::profile
