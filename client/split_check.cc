#include "client/split_check.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/id_sorter.h"

namespace plumbline::client {
namespace {

constexpr size_t kPairsWithExamples = 100;  // those that share the most

using Pair = std::pair<size_t, size_t>;  // parts, the smaller index first

struct Shared {
  uint64_t rows = 0;
  std::vector<absl::uint128> examples;
};

// Counts what is shared, one pair of hash and part after the other.
class Counter {
 public:
  Counter(const std::vector<std::string>& parts, size_t examples)
      : parts_(parts.size()), examples_(examples), must_not_(parts_ * parts_), repeated_(parts_) {
    for (size_t a = 0; a < parts_; ++a) {
      for (size_t b = 0; b < parts_; ++b) {
        must_not_[a * parts_ + b] = a != b && MustNotOverlap(parts[a], parts[b]);
      }
    }
  }

  void Add(const IdSorter::Entry& entry) {
    if (entry.high != last_.high || entry.low != last_.low) Finish();
    last_ = entry;
    if (!in_.empty() && in_.back() == entry.part) {
      ++repeated_[entry.part];
    } else {
      in_.push_back(entry.part);
    }
  }

  void Finish() {
    for (size_t i = 0; i < in_.size(); ++i) {
      for (size_t j = i + 1; j < in_.size(); ++j) {
        if (!must_not_[in_[i] * parts_ + in_[j]]) continue;
        Shared& shared = shared_[{in_[i], in_[j]}];
        ++shared.rows;
        if (shared.examples.size() < examples_) {
          shared.examples.push_back(absl::MakeUint128(last_.high, last_.low));
        }
      }
    }
    in_.clear();
  }

  uint64_t repeated(size_t part) const { return repeated_[part]; }
  /// The largest first.
  std::vector<std::pair<Pair, Shared>> TakeShared() {
    std::vector<std::pair<Pair, Shared>> pairs(shared_.begin(), shared_.end());
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& a, const auto& b) { return a.second.rows > b.second.rows; });
    return pairs;
  }

 private:
  const size_t parts_;
  const size_t examples_;
  std::vector<bool> must_not_;
  std::vector<uint64_t> repeated_;
  IdSorter::Entry last_;
  std::vector<size_t> in_;  // the parts that have last_
  std::map<Pair, Shared> shared_;
};

struct Place {
  std::string id;
  std::string where;
};
using Places = std::map<std::pair<absl::uint128, size_t>, Place>;  // by hash and part

// The first row of each of these hashes in each part.
absl::StatusOr<Places> FindPlaces(const SplitSource& source,
                                  const absl::flat_hash_set<absl::uint128>& hashes) {
  Places places;
  SplitRows rows(source);
  absl::Status read = rows.ForEach([&](const SplitRow& row) {
    if (hashes.contains(row.hash)) {
      places.try_emplace(
          {row.hash, row.part},
          Place{std::string(row.id), absl::StrCat(source.files[row.file].path, ":", row.line)});
    }
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return places;
}

absl::Status AddOverlaps(const SplitSource& source, const std::vector<std::string>& names,
                         const std::vector<std::pair<Pair, Shared>>& pairs, v1::SplitCheck* out) {
  absl::flat_hash_set<absl::uint128> hashes;
  for (size_t i = 0; i < pairs.size() && i < kPairsWithExamples; ++i) {
    hashes.insert(pairs[i].second.examples.begin(), pairs[i].second.examples.end());
  }
  Places places;
  if (!hashes.empty()) {
    auto found = FindPlaces(source, hashes);
    if (!found.ok()) return found.status();
    places = *std::move(found);
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [pair, shared] = pairs[i];
    v1::SplitOverlap* overlap = out->add_overlaps();
    overlap->set_first_part(names[pair.first]);
    overlap->set_second_part(names[pair.second]);
    overlap->set_shared(shared.rows);
    if (i >= kPairsWithExamples) continue;
    for (const absl::uint128 hash : shared.examples) {
      v1::SharedRow* example = overlap->add_examples();
      const Place& first = places[{hash, pair.first}];
      example->set_id(first.id);
      example->set_first(first.where);
      example->set_second(places[{hash, pair.second}].where);
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool MustNotOverlap(const std::string& first, const std::string& second) {
  const size_t a = first.rfind('/');
  const size_t b = second.rfind('/');
  if (a == std::string::npos || b == std::string::npos) return true;
  if (first.compare(0, a, second, 0, b) == 0) return true;
  const auto is_train = [](absl::string_view part) {
    return absl::StartsWithIgnoreCase(part, "train");
  };
  return !is_train(absl::string_view(first).substr(a + 1)) &&
         !is_train(absl::string_view(second).substr(b + 1));
}

absl::StatusOr<v1::SplitCheck> CheckSplit(const SplitSource& source,
                                          const SplitCheckOptions& options) {
  SplitRows rows(source);
  IdSorter sorter(options.memory_bytes);
  std::vector<uint64_t> counts;
  absl::Status read = rows.ForEach([&](const SplitRow& row) {
    if (row.part >= counts.size()) counts.resize(row.part + 1);
    ++counts[row.part];
    return sorter.Add(row.hash, row.part);
  });
  if (!read.ok()) return read;
  if (counts.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(source.files[0].path, ": there are no rows"));
  }
  Counter counter(rows.parts(), options.examples);
  if (absl::Status sorted = sorter.ForEach([&](const auto& entry) { counter.Add(entry); });
      !sorted.ok()) {
    return sorted;
  }
  counter.Finish();
  v1::SplitCheck check;
  for (size_t part = 0; part < counts.size(); ++part) {
    v1::CheckedPart* added = check.add_parts();
    added->set_name(rows.parts()[part]);
    added->set_rows(counts[part]);
    added->set_repeated_rows(counter.repeated(part));
  }
  if (absl::Status added = AddOverlaps(source, rows.parts(), counter.TakeShared(), &check);
      !added.ok()) {
    return added;
  }
  return check;
}

}  // namespace plumbline::client
