#include "server/transport/wire_batch.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace plumbline::transport {
namespace {

// The first and last second of google.protobuf.Timestamp: years 1 to 9999.
constexpr int64_t kFirstSecond = -62'135'596'800;
constexpr int64_t kLastSecond = 253'402'300'799;

template <class Field>
auto SpanOf(const Field& field) {
  return absl::MakeConstSpan(field.data(), static_cast<size_t>(field.size()));
}

template <class Field>
std::vector<absl::string_view> StringsOf(const Field& field) {
  std::vector<absl::string_view> strings;
  strings.reserve(static_cast<size_t>(field.size()));
  for (const std::string& text : field) strings.emplace_back(text);
  return strings;
}

profile::Values ValuesOf(const v1::Column& column) {
  switch (column.values_case()) {
    case v1::Column::kDoubleValues:
      return SpanOf(column.double_values().values());
    case v1::Column::kFloatValues:
      return SpanOf(column.float_values().values());
    case v1::Column::kInt64Values:
      return SpanOf(column.int64_values().values());
    case v1::Column::kBoolValues:
      return SpanOf(column.bool_values().values());
    case v1::Column::kStringValues:
      return StringsOf(column.string_values().values());
    case v1::Column::kDictionaryValues:
      return profile::DictionaryView{StringsOf(column.dictionary_values().dictionary()),
                                     SpanOf(column.dictionary_values().indices())};
    case v1::Column::VALUES_NOT_SET:
      break;
  }
  return profile::Packed<double>();
}

// The values of a column of numbers that is empty in the message.
profile::Values ValuesIn(const v1::Column& column, absl::string_view bytes) {
  switch (column.values_case()) {
    case v1::Column::kFloatValues:
      return profile::Packed<float>::In(bytes);
    case v1::Column::kInt64Values:
      return profile::Packed<int64_t>::In(bytes);
    default:
      return profile::Packed<double>::In(bytes);
  }
}

std::optional<profile::Role> RoleOf(v1::Role role) {
  switch (role) {
    case v1::ROLE_FEATURE:
      return profile::Role::kFeature;
    case v1::ROLE_PREDICTION:
      return profile::Role::kPrediction;
    case v1::ROLE_LABEL:
      return profile::Role::kLabel;
    default:
      return std::nullopt;
  }
}

void CheckEventTimes(const v1::EventTimes& times,
                     std::vector<profile::FieldViolation>* violations) {
  if (times.unix_micros().empty()) {
    violations->push_back(
        {"batch.event_times.unix_micros", "event times are set, but there are none"});
  }
  for (int row = 0; row < times.unix_micros_size(); ++row) {
    const int64_t micros = times.unix_micros(row);
    if (micros >= kFirstSecond * 1'000'000 && micros <= kLastSecond * 1'000'000) continue;
    violations->push_back({absl::StrCat("batch.event_times.unix_micros[", row, "]"),
                           absl::StrCat(micros, " us is not a time between the years 1 and 9999")});
    return;  // one is enough to mend the producer
  }
}

}  // namespace

profile::BatchView ViewOf(const v1::Batch& batch, absl::Span<const ColumnBytes> values) {
  profile::BatchView view;
  view.rows = batch.row_count();
  view.columns.reserve(static_cast<size_t>(batch.columns_size()));
  for (const v1::Column& column : batch.columns()) {
    profile::ColumnView& out = view.columns.emplace_back();
    out.name = column.name();
    out.role = RoleOf(column.role());
    if (!values.empty() && values.front().column + 1 == view.columns.size()) {
      out.values = ValuesIn(column, values.front().bytes);
      values.remove_prefix(1);
    } else {
      out.values = ValuesOf(column);
    }
    out.validity = absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(column.validity().data()),
                                       column.validity().size());
  }
  if (batch.has_event_time()) {
    view.event_micros =
        batch.event_time().seconds() * 1'000'000 + batch.event_time().nanos() / 1'000;
  } else if (batch.has_event_times()) {
    view.row_event_micros = SpanOf(batch.event_times().unix_micros());
  }
  if (batch.row_ids().has_string_values()) {
    view.string_row_ids = StringsOf(batch.row_ids().string_values().values());
  } else if (batch.row_ids().has_int64_values()) {
    view.int_row_ids = SpanOf(batch.row_ids().int64_values().values());
  }
  view.source = batch.source();
  return view;
}

std::vector<profile::FieldViolation> ValidateWire(const v1::Batch& batch) {
  std::vector<profile::FieldViolation> violations;
  const size_t most = profile::BatchLimits().max_violations;
  for (int i = 0; i < batch.columns_size() && violations.size() < most; ++i) {
    const v1::Column& column = batch.columns(i);
    if (column.values_case() == v1::Column::VALUES_NOT_SET) {
      violations.push_back({absl::StrCat("batch.columns[", i, "].values"),
                            absl::StrCat("variable \"", column.name(), "\" has no values")});
    }
    if (!v1::Role_IsValid(column.role())) {
      violations.push_back({absl::StrCat("batch.columns[", i, "].role"),
                            absl::StrCat("variable \"", column.name(), "\": ",
                                         static_cast<int>(column.role()), " is not a role")});
    }
  }
  if (batch.has_event_time()) {
    const auto& time = batch.event_time();
    if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 ||
        time.nanos() > 999'999'999) {
      violations.push_back(
          {"batch.event_time", absl::StrCat(time.seconds(), " s and ", time.nanos(),
                                            " ns is not a time between the years 1 and 9999")});
    }
  }
  if (batch.has_event_times()) CheckEventTimes(batch.event_times(), &violations);
  return violations;
}

}  // namespace plumbline::transport
