#ifndef PLUMBLINE_SERVER_PROFILE_UNSEEN_GATHER_H_
#define PLUMBLINE_SERVER_PROFILE_UNSEEN_GATHER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/text_key.h"
#include "server/profile/unseen_names.h"

namespace plumbline::profile {

/// What the unseen code hides in a part of a batch, gathered before it is added to UnseenNames,
/// since most of it comes more than once. `Value` is a text, which must outlive it, or a number,
/// which stands for its decimal text. Allocates nothing before the first. Not thread-safe.
template <class Value>
class UnseenGather {
 public:
  explicit UnseenGather(UnseenNames* names) : names_(names) {}

  /// `hash` is the value's, as good as HashOfText.
  void Add(Value value, uint64_t hash, uint64_t rows) {
    if constexpr (std::is_same_v<Value, absl::string_view>) {
      const absl::string_view cut = UnseenNames::Cut(value);
      if (cut.size() < value.size()) hash = HashOfText(cut, TextKey(cut));
      value = cut;
    }
    if (places_.empty()) places_.assign(kPlaces, 0);
    size_t place = hash % kPlaces;
    for (; places_[place] != 0; place = (place + 1) % kPlaces) {
      Entry& entry = entries_[places_[place] - 1u];
      if (entry.hash != hash || entry.value != value) continue;
      entry.rows += rows;
      return;
    }
    entries_.push_back({hash, value, rows});
    places_[place] = static_cast<uint16_t>(entries_.size());
    if (entries_.size() == kMost) Finish();
  }

  /// Adds what was gathered to the names.
  void Finish() {
    if (entries_.empty()) return;
    std::vector<std::pair<absl::string_view, uint64_t>> names;
    names.reserve(entries_.size());
    std::vector<std::string> texts;  // of numbers
    if constexpr (!std::is_same_v<Value, absl::string_view>) texts.reserve(entries_.size());
    for (const Entry& entry : entries_) {
      if constexpr (std::is_same_v<Value, absl::string_view>) {
        names.emplace_back(entry.value, entry.rows);
      } else {
        names.emplace_back(texts.emplace_back(absl::StrCat(entry.value)), entry.rows);
      }
    }
    names_->AddMany(names);
    entries_.clear();
    places_.clear();
  }

 private:
  struct Entry {
    uint64_t hash;
    Value value;
    uint64_t rows;
  };
  static constexpr size_t kMost = 1024;
  static constexpr size_t kPlaces = 2 * kMost;

  UnseenNames* names_;
  std::vector<Entry> entries_;
  std::vector<uint16_t> places_;  // by hash: 1 + where in entries_; 0 if it is free
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_UNSEEN_GATHER_H_
