#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "tests/data_reader.h"
#include "tests/trust/monitor.h"
#include "tests/trust/tables.h"

namespace plumbline::trust {
namespace {

using Columns = std::vector<std::string>;

// Some rows and columns of a file, as a batch; a column of numbers is numeric.
class Part {
 public:
  Part(const testing::Table& table, const Columns& columns, const std::vector<size_t>& rows)
      : rows_(static_cast<uint32_t>(rows.size())) {
    for (const std::string& name : columns) Add(table.Column(name), name, rows);
  }

  profile::BatchView View() const {
    profile::BatchView batch;
    batch.rows = rows_;
    for (const auto& [name, column] : columns_) {
      profile::ColumnView& view = batch.columns.emplace_back();
      view.name = name;
      view.validity = column.validity;
      if (column.is_number) {
        view.values = absl::MakeConstSpan(column.numbers);
      } else {
        view.values = std::vector<absl::string_view>(column.texts.begin(), column.texts.end());
      }
    }
    return batch;
  }

 private:
  struct Column {
    bool is_number = true;
    std::vector<double> numbers;
    std::vector<std::string> texts;
    std::vector<uint8_t> validity;
  };

  void Add(const std::vector<std::string>& fields, const std::string& name,
           const std::vector<size_t>& rows) {
    Column& column = columns_[name];
    column.validity.assign((rows.size() + 7) / 8, 0xff);
    // A kind is the file's, not that of the rows at hand.
    for (const std::string& field : fields) {
      char* end = nullptr;
      std::strtod(field.c_str(), &end);
      if (*end != '\0') column.is_number = false;
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string& field = fields[rows[i]];
      if (field.empty()) column.validity[i >> 3] &= static_cast<uint8_t>(~(1u << (i & 7)));
      column.numbers.push_back(std::strtod(field.c_str(), nullptr));
      column.texts.push_back(field);
    }
  }

  uint32_t rows_;
  std::map<std::string, Column> columns_;
};

std::vector<size_t> Where(size_t rows, const std::function<bool(size_t)>& wanted) {
  std::vector<size_t> result;
  for (size_t row = 0; row < rows; ++row) {
    if (wanted(row)) result.push_back(row);
  }
  return result;
}

// Consecutive rows, `length` in a pane; the last, if it is short, is left out.
std::vector<std::vector<size_t>> Panes(const std::vector<size_t>& rows, size_t length) {
  std::vector<std::vector<size_t>> panes;
  for (size_t at = 0; at + length <= rows.size(); at += length) {
    panes.emplace_back(rows.begin() + static_cast<long>(at),
                       rows.begin() + static_cast<long>(at + length));
  }
  return panes;
}

class Tale {
 public:
  // `pane_days`: 0 if rows have no time.
  Tale(const testing::Table& trained, const std::vector<size_t>& rows, Columns columns,
       double pane_days)
      : columns_(std::move(columns)),
        monitor_(Learn(Part(trained, columns_, rows).View()),
                 pane_days > 0 ? std::max(kLeastBudget, kBudgetDays / pane_days) : kBudget) {}

  void Tell(const testing::Table& live, const std::vector<std::vector<size_t>>& panes) {
    for (const std::vector<size_t>& rows : panes) {
      const Part part(live, columns_, rows);
      const Monitor::Told told = monitor_.Close(part.View());
      ++panes_;
      pages_ += told.pages.empty() ? 0 : 1;
      for (const std::string& page : told.pages) first_.emplace(page, panes_);
    }
  }
  // Prints it. True if there are at most `most` pages.
  bool IsCalm(const char* name, int most) const {
    Print(name, absl::StrCat("at most ", most));
    return pages_ <= most;
  }
  // True if each of `wanted` paged, within so many panes.
  bool Finds(const char* name, const std::map<std::string, int>& wanted) const {
    bool all = true;
    for (const auto& [page, panes] : wanted) {
      const auto found = first_.find(page);
      all &= found != first_.end() && found->second <= panes;
    }
    Print(name, absl::StrJoin(wanted, ", ", absl::PairFormatter(" by pane ")));
    return all;
  }

 private:
  // Panes of a false page: as many as the days of the default budget have, but with fewer than a
  // hundred there would hardly be any evidence; as in the other tables if there is no time.
  static constexpr double kBudgetDays = 30, kLeastBudget = 100, kBudget = 10'000;

  void Print(const char* name, const std::string& wanted) const {
    std::printf("%s: %d pages in %d panes (%s)\n", name, pages_, panes_, wanted.c_str());
    for (const auto& [page, pane] : first_) std::printf("    %s at pane %d\n", page.c_str(), pane);
    std::fflush(stdout);
  }

  const Columns columns_;
  Monitor monitor_;
  int panes_ = 0, pages_ = 0;
  std::map<std::string, int> first_;  // pane of the first page
};

size_t DayOf(const std::string& date) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day)) std::abort();
  return static_cast<size_t>(day - absl::CivilDay(2011, 1, 1));
}

std::vector<std::vector<size_t>> ByWeek(const std::vector<std::string>& dates,
                                        const std::vector<size_t>& rows) {
  std::map<size_t, std::vector<size_t>> weeks;
  for (const size_t row : rows) weeks[DayOf(dates[row]) / 7].push_back(row);
  std::vector<std::vector<size_t>> panes;
  for (auto& [week, members] : weeks) panes.push_back(std::move(members));
  return panes;
}

bool Adult() {
  const testing::Table adult = testing::ReadCsv("adult/adults.csv.gz");
  const auto first = Where(adult.rows(), [](size_t row) { return row < 32'561; });
  const auto rest = Where(adult.rows(), [](size_t row) { return row >= 32'561; });
  bool kept = true;
  for (const size_t length : {200, 1'000}) {
    Tale tale(adult, first, adult.names, 0);
    tale.Tell(adult, Panes(rest, length));
    kept &= tale.IsCalm(absl::StrCat("adult, first rows and the rest, ", length).c_str(), 0);
  }
  const std::vector<std::string>& education = adult.Column("education");
  const auto is_live = [&](size_t row) {
    static const std::set<std::string> kLive = {"Some-college", "HS-grad", "Bachelors"};
    return kLive.contains(education[row]);
  };
  Tale tale(adult, Where(adult.rows(), std::not_fn(is_live)), adult.names, 0);
  tale.Tell(adult, Panes(Where(adult.rows(), is_live), 1'000));
  return tale.Finds("adult, slice by education", {{"drift education-num", 5}}) && kept;
}

bool Elec2() {
  const testing::Table elec = testing::ReadCsv("elec2/elec_reduced.csv.gz");
  constexpr size_t kYear = 17'424, kWeek = 336;
  const auto year = [&](size_t parity) {
    return Where(kYear, [parity](size_t row) { return row / kWeek % 2 == parity; });
  };
  const Columns columns = {"period",    "nswprice", "nswdemand", "vicprice",
                           "vicdemand", "transfer", "class"};
  Tale calm(elec, year(0), columns, 7);
  calm.Tell(elec, Panes(year(1), kWeek));
  bool kept = calm.IsCalm("elec2, odd against even weeks of the first year", 0);
  Tale shift(elec, Where(kYear, [](size_t) { return true; }), columns, 7);
  shift.Tell(elec, Panes(Where(elec.rows(), [](size_t row) { return row >= kYear; }), kWeek));
  return shift.Finds("elec2, from row 17424 on, weekly", {{"drift nswprice", 10},
                                                          {"came_alive vicprice", 1},
                                                          {"came_alive vicdemand", 1},
                                                          {"came_alive transfer", 1}}) &&
         kept;
}

bool California() {
  const testing::Table trained = testing::ReadCsv("california_housing/reference.csv.gz");
  const testing::Table live = testing::ReadCsv("california_housing/analysis.csv.gz");
  const auto all = [](const testing::Table& table) {
    return Where(table.rows(), [](size_t) { return true; });
  };
  Tale calm(trained, all(trained), {"Population", "AveBedrms"}, 30);
  calm.Tell(live, Panes(all(live), 720));
  bool kept = calm.IsCalm("California, Population and AveBedrms, 30 days", 0);
  Tale halves(trained, Where(trained.rows(), [](size_t row) { return row % 2 == 0; }),
              {"MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude",
               "Longitude", "y_pred_proba"},
              5);
  halves.Tell(trained, Panes(Where(trained.rows(), [](size_t row) { return row % 2 == 1; }), 120));
  kept &= halves.IsCalm("California, odd against even rows of the reference, 120", 0);
  Tale shift(trained, all(trained), {"Latitude", "Longitude", "y_pred_proba", "MedInc"}, 30);
  shift.Tell(live, Panes(all(live), 720));
  return shift.Finds(
             "California, predictions and coordinates, 30 days",
             {{"drift y_pred_proba", 11}, {"drift Latitude", 11}, {"drift Longitude", 11}}) &&
         kept;
}

bool Bike() {
  const testing::Table bike = testing::ReadCsv("bike_sharing/hour.csv.gz");
  const std::vector<std::string>& dates = bike.Column("dteday");
  // What is not the calendar itself.
  const Columns columns = {"weathersit", "temp",   "atemp",      "hum",
                           "windspeed",  "casual", "registered", "cnt"};
  const auto days = [&](size_t from, size_t to, int parity) {
    return Where(bike.rows(), [&, from, to, parity](size_t row) {
      const size_t day = DayOf(dates[row]);
      return day >= from && day < to && (parity < 0 || day / 7 % 2 == static_cast<size_t>(parity));
    });
  };
  Tale calm(bike, days(0, 365, 0), columns, 7);
  calm.Tell(bike, ByWeek(dates, days(0, 365, 1)));
  bool kept = calm.IsCalm("bike sharing, odd against even weeks of 2011", 2);
  Tale july(bike, days(0, 31, -1), columns, 7);
  july.Tell(bike, ByWeek(dates, days(181, 212, -1)));
  kept &= july.Finds("bike sharing, July 2011 against January, weekly",
                     {{"drift temp", 5}, {"drift cnt", 5}});
  Tale growth(bike, days(0, 365, -1), columns, 7);
  growth.Tell(bike, ByWeek(dates, days(365, 731, -1)));
  return growth.Finds("bike sharing, 2012 against 2011, weekly", {{"drift cnt", 53}}) && kept;
}

}  // namespace

bool RealData() {
  std::printf(
      "\nReal data, a budget of one false page in 30 days of panes, at least in 100 panes (adult, "
      "which "
      "has no\ntimes: in 10,000): what pages, and when first.\n\n");
  bool kept = Adult();
  kept &= Elec2();
  kept &= California();
  kept &= Bike();
  return kept;
}

}  // namespace plumbline::trust
