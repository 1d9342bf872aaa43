#include "server/profile/outcome_codec.h"

#include <vector>

#include "absl/container/fixed_array.h"
#include "absl/types/span.h"
#include "server/profile/count_codec.h"
#include "server/profile/moments_codec.h"

namespace plumbline::profile {
namespace {

absl::Status ReadPrediction(const VariableBaseline& variable, uint64_t most, ByteReader* in,
                            Outcomes* outcomes) {
  absl::FixedArray<uint64_t, kMostOutcomeGroups> room(OutcomeGroups(variable));
  const absl::Span<uint64_t> groups = absl::MakeSpan(room);
  if (absl::Status read = ReadCounts(in, groups); !read.ok()) return read;
  for (const uint64_t count : groups) {
    if (count > most) return absl::DataLossError("predictions of more rows than there are");
    most -= count;
  }
  outcomes->groups = CodeCounts::Of(groups);
  const uint64_t rows = outcomes->rows();
  if (!variable.is_numeric() || rows == 0) return absl::OkStatus();
  return ReadMoments(rows, in, &outcomes->moments);
}

}  // namespace

void WriteOutcomes(const InputOutcomes& outcomes, ByteWriter* out) {
  out->Varint(outcomes.states.size());
  uint64_t before = 0;
  for (const auto& [key, state] : outcomes.states) {
    const uint64_t number = key.first * kInputStates + static_cast<uint64_t>(key.second);
    out->Varint(number - before);
    before = number;
    out->Varint(state.rows);
    for (const Outcomes& prediction : state.predictions) {
      WriteCounts(prediction.groups, out);
      if (prediction.moments.count() > 0) WriteMoments(prediction.moments, out);
    }
  }
}

absl::Status ReadOutcomes(const Baseline& baseline, uint64_t rows, ByteReader* in,
                          InputOutcomes* outcomes) {
  const std::vector<uint32_t> predictions = WatchedPredictions(baseline);
  const uint64_t numbers = baseline.variables.size() * kInputStates;
  const uint64_t states = in->Varint();
  if (states == 0 || states > numbers) return absl::DataLossError("more states than there are");
  uint64_t number = 0;
  for (uint64_t i = 0; i < states && in->ok(); ++i) {
    const uint64_t step = in->Varint();
    if (step >= numbers - number || (i > 0 && step == 0)) {
      return absl::DataLossError("a state that no variable has");
    }
    number += step;
    StateOutcomes& state = outcomes->states[{static_cast<uint32_t>(number / kInputStates),
                                             static_cast<InputState>(number % kInputStates)}];
    state.rows = in->Varint();
    if (state.rows == 0 || state.rows > rows) {
      return absl::DataLossError("a state of more rows than there are");
    }
    for (const uint32_t prediction : predictions) {
      const VariableBaseline& variable = baseline.variables[prediction];
      state.predictions.emplace_back(variable);
      absl::Status read = ReadPrediction(variable, state.rows, in, &state.predictions.back());
      if (!read.ok()) return read;
    }
  }
  return absl::OkStatus();
}

}  // namespace plumbline::profile
