#include "server/checks/on_call.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/alert.h"
#include "server/checks/incident.h"

namespace plumbline::checks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kBegin = absl::FromUnixSeconds(1'700'000'000);

Signature By(const std::string& who, absl::Time at = kBegin) { return {who, "because", at}; }

Mute MuteOf(CheckId check, const std::string& variable, absl::Duration lasts) {
  return {check, variable, "", "", kBegin + lasts, By("anna"), std::nullopt};
}
Mute Of(CheckId check, const std::string& variable, const std::string& slice = "") {
  Mute mute = MuteOf(check, variable, {});
  mute.slice = slice;
  return mute;
}

ExpectedChange Release(absl::Duration from, absl::Duration until) {
  return {"v2", {}, kBegin + from, kBegin + until, By("ben"), std::nullopt};
}

Finding Firing(CheckId check, const std::string& variable, const std::string& source = "") {
  Finding finding;
  finding.check = check;
  finding.variable = variable;
  finding.source = source;
  finding.status = Status::kFiring;
  finding.severity = Severity::kWarning;
  finding.value = 0.4;
  finding.threshold = 0.2;
  finding.reason = absl::StrCat(variable, " leans");
  return finding;
}

// The alerts of a model whose drift fires after one block, and what people say of them.
class OnCallTest : public ::testing::Test {
 protected:
  OnCallTest() { policy_.checks[CheckId::kDrift].for_panes = 1; }

  void Judge(const std::vector<Finding>& findings, absl::Duration at) {
    said_.Expire(kBegin + at);
    std::vector<Alert> changed = alerts_.Advance(findings, policy_, kBegin + at, ++block_);
    alerts_.HoldBack(
        said_, [](absl::string_view name) { return name == "score"; }, &changed);
  }
  std::vector<std::string> Fires() const {
    std::vector<std::string> names;
    for (const Alert& alert : alerts_.alerts()) {
      if (alert.fires())
        names.push_back(absl::StrCat(CheckName(alert.key.check), alert.key.variable));
    }
    return names;
  }

  Policy policy_ = DefaultPolicy();
  OnCallBook said_;
  AlertBook alerts_;
  uint64_t block_ = 0;
};

TEST_F(OnCallTest, AMuteHoldsBackAndWhatIsStillThereFiresAtItsEnd) {
  ASSERT_TRUE(said_.Add(MuteOf(CheckId::kNullRate, "age", absl::Hours(2))).ok());
  const std::vector<Finding> both = {Firing(CheckId::kNullRate, "age"),
                                     Firing(CheckId::kNullRate, "income")};
  Judge(both, absl::Minutes(1));
  EXPECT_THAT(Fires(), ElementsAre("null_rateincome"));
  const Alert age = alerts_.alerts()[0];
  EXPECT_EQ(age.state, AlertState::kFiring);  // judged all the same
  EXPECT_THAT(WordsOf(age), HasSubstr("muted until 2023-11-15 00:13:20 UTC by anna: because"));
  EXPECT_FALSE(said_.IsDue(kBegin + absl::Minutes(119)));
  EXPECT_TRUE(said_.IsDue(kBegin + absl::Hours(2)));
  Judge(both, absl::Hours(2));
  EXPECT_THAT(Fires(), ElementsAre("null_rateage", "null_rateincome"));
  EXPECT_EQ(alerts_.alerts()[0].firing_since, kBegin + absl::Minutes(1));
  EXPECT_EQ(WordsOf(alerts_.alerts()[0]), "");
  ASSERT_EQ(said_.mutes().size(), 1u);  // kept as what it was
  EXPECT_EQ(said_.mutes()[0].ended->by, "");
}

TEST_F(OnCallTest, AMuteWithoutAVariableIsOfAllAndMayBeEndedOrReplaced) {
  ASSERT_TRUE(said_.Add(MuteOf(CheckId::kDrift, "", absl::Hours(2))).ok());
  ASSERT_TRUE(said_.Add(MuteOf(CheckId::kDrift, "", absl::Hours(3))).ok());
  EXPECT_EQ(said_.mutes_in_force(), 1u);
  Judge({Firing(CheckId::kDrift, "age"), Firing(CheckId::kNullRate, "age")}, absl::Minutes(1));
  EXPECT_THAT(Fires(), ElementsAre("null_rateage"));
  EXPECT_EQ(said_.EndMute(Of(CheckId::kDrift, "age"), By("eve")).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(said_.EndMute(Of(CheckId::kDrift, ""), By("eve")).ok());
  EXPECT_EQ(said_.mutes()[1].ended->by, "eve");
  Judge({Firing(CheckId::kDrift, "age"), Firing(CheckId::kNullRate, "age")}, absl::Minutes(2));
  EXPECT_THAT(Fires(), ElementsAre("driftage", "null_rateage"));
}

TEST_F(OnCallTest, ASliceIsMutedAndAcknowledgedByItself) {
  const auto in_slice = [](const std::string& slice) {
    Finding finding = Firing(CheckId::kDrift, "age");
    finding.slice = slice;
    return finding;
  };
  Mute mute = MuteOf(CheckId::kDrift, "age", absl::Hours(2));
  mute.slice = "city=rome";
  ASSERT_TRUE(said_.Add(mute).ok());
  Judge({in_slice(""), in_slice("city=oslo"), in_slice("city=rome")}, absl::Minutes(1));
  const auto slices = [&](const auto& is) {
    std::vector<std::string> names;
    for (const Alert& alert : alerts_.alerts()) {
      if (is(alert)) names.push_back(alert.key.slice);
    }
    return names;
  };
  EXPECT_THAT(slices([](const Alert& alert) { return alert.fires(); }),
              ElementsAre("", "city=oslo"));
  AlertFilter filter;
  filter.slice = "city=oslo";
  EXPECT_EQ(alerts_.Acknowledge(filter, By("anna")).size(), 1u);
  EXPECT_THAT(slices([](const Alert& alert) { return alert.acknowledged.has_value(); }),
              ElementsAre("city=oslo"));
  filter.slice = "";
  EXPECT_EQ(alerts_.Acknowledge(filter, By("anna")).size(), 1u);
  // Another than that of all rows.
  EXPECT_EQ(said_.EndMute(Of(CheckId::kDrift, "age"), By("eve")).status().message(),
            "no mute of check drift of variable \"age\" is in force");
  ASSERT_TRUE(said_.Add(MuteOf(CheckId::kDrift, "age", absl::Hours(2))).ok());
  EXPECT_EQ(said_.mutes_in_force(), 2u);
  const Mute rome = Of(CheckId::kDrift, "age", "city=rome");
  ASSERT_TRUE(said_.EndMute(rome, By("eve")).ok());
  EXPECT_EQ(said_.EndMute(rome, By("eve")).status().message(),
            "no mute of check drift of variable \"age\" of slice \"city=rome\" is in force");
}

TEST_F(OnCallTest, ASourceIsMutedByItself) {
  const std::vector<Finding> all = {Firing(CheckId::kDrift, "age"),
                                    Firing(CheckId::kDrift, "age", "eu"),
                                    Firing(CheckId::kDrift, "age", "us")};
  Mute mute = MuteOf(CheckId::kDrift, "", absl::Hours(2));
  mute.source = "eu";
  ASSERT_TRUE(said_.Add(mute).ok());
  Judge(all, absl::Minutes(1));
  const auto held = [&] {
    std::vector<std::string> sources;
    for (const Alert& alert : alerts_.alerts()) {
      if (!alert.fires()) sources.push_back(alert.key.source);
    }
    return sources;
  };
  EXPECT_THAT(held(), ElementsAre("eu"));
  EXPECT_EQ(said_.EndMute(Of(CheckId::kDrift, ""), By("eve")).status().message(),
            "no mute of check drift without a variable is in force");
  ASSERT_TRUE(said_.EndMute(mute, By("eve")).ok());
  EXPECT_EQ(said_.EndMute(mute, By("eve")).status().message(),
            "no mute of check drift without a variable of source \"eu\" is in force");
  Judge(all, absl::Minutes(2));
  EXPECT_THAT(held(), IsEmpty());
  mute.slice = "city=rome";
  EXPECT_EQ(said_.Add(mute).message(),
            "a mute is of a source or of a slice, not of source \"eu\" and slice \"city=rome\"");
}

TEST_F(OnCallTest, AnExpectedChangeHoldsBackDriftThatBeginsWithinItAndIsNamedAfterwards) {
  Judge({Firing(CheckId::kDrift, "old")}, -absl::Minutes(5));
  ASSERT_TRUE(said_.Add(Release(-absl::Minutes(2), absl::Hours(1))).ok());
  const std::vector<Finding> all = {
      Firing(CheckId::kDrift, "old"),     Firing(CheckId::kDrift, "score"),
      Firing(CheckId::kNullRate, "age"),  Firing(CheckId::kUnseenCategory, "city"),
      Firing(CheckId::kNanRate, "score"), Firing(CheckId::kAbsentVariable, "age"),
      Firing(CheckId::kWrongType, "age"), Firing(CheckId::kRowsLost, ""),
      Firing(CheckId::kNullRate, "score")};
  Judge(all, absl::Minutes(1));
  EXPECT_THAT(Fires(), ElementsAre("driftold", "null_ratescore", "nan_ratescore",
                                   "absent_variableage", "wrong_typeage", "rows_lost"));
  EXPECT_THAT(WordsOf(alerts_.alerts()[1]), HasSubstr("expected with the change \"v2\" until"));
  Judge(all, absl::Hours(1));
  EXPECT_EQ(Fires().size(), all.size());
  EXPECT_EQ(WordsOf(alerts_.alerts()[1]), "; began within the expected change \"v2\"");
  EXPECT_EQ(WordsOf(alerts_.alerts()[0]), "");
  // What begins anew is another matter.
  Judge({}, absl::Hours(2));
  Judge({Firing(CheckId::kDrift, "score")}, absl::Hours(3));
  EXPECT_THAT(Fires(), ElementsAre("driftscore"));
  EXPECT_THAT(alerts_.alerts(), ::testing::Contains(::testing::Field(&Alert::expected, "")));
}

TEST_F(OnCallTest, AnExpectedChangeMayBeOfSomeVariablesAndDeclaredAfterwards) {
  const std::vector<Finding> both = {Firing(CheckId::kDrift, "age"),
                                     Firing(CheckId::kDrift, "pay")};
  Judge(both, absl::ZeroDuration());
  ExpectedChange late = Release(-absl::Hours(1), absl::Hours(1));
  late.variables = {"age"};
  late.set.at = kBegin + absl::Minutes(30);
  ASSERT_TRUE(said_.Add(late).ok());
  Judge(both, absl::Minutes(30));
  EXPECT_THAT(Fires(), ElementsAre("driftpay"));
  ASSERT_TRUE(said_.EndChange("v2", By("eve")).ok());
  Judge(both, absl::Minutes(31));
  EXPECT_THAT(Fires(), ElementsAre("driftage", "driftpay"));
}

TEST_F(OnCallTest, AnExpectedChangeIsThatOfTheTimeNotOfTheName) {
  const std::vector<Finding> drift = {Firing(CheckId::kDrift, "age")};
  ASSERT_TRUE(said_.Add(Release(-absl::Hours(1), absl::Hours(1))).ok());
  Judge(drift, absl::ZeroDuration());
  EXPECT_THAT(Fires(), IsEmpty());
  // Still there a week later, when the next change of this name is declared.
  const absl::Duration week = absl::Hours(24 * 7);
  Judge(drift, week);
  EXPECT_THAT(Fires(), ElementsAre("driftage"));
  ExpectedChange next = Release(week, week + absl::Hours(1));
  next.set.at = kBegin + week;
  ASSERT_TRUE(said_.Add(next).ok());
  Judge(drift, week + absl::Minutes(1));
  EXPECT_THAT(Fires(), ElementsAre("driftage"));
}

TEST_F(OnCallTest, AnExpectedChangeThatIsMadeLongerStaysBegun) {
  const std::vector<Finding> drift = {Firing(CheckId::kDrift, "age")};
  ASSERT_TRUE(said_.Add(Release(-absl::Hours(1), absl::Hours(1))).ok());
  Judge(drift, absl::ZeroDuration());
  ExpectedChange longer = Release(absl::Minutes(30), absl::Hours(2));
  longer.set.at = kBegin + absl::Minutes(30);
  ASSERT_TRUE(said_.Add(longer).ok());
  Judge(drift, absl::Minutes(31));
  EXPECT_THAT(Fires(), IsEmpty());
  Judge(drift, absl::Hours(2));
  EXPECT_THAT(Fires(), ElementsAre("driftage"));
}

TEST_F(OnCallTest, AnExpectedChangeTakesThePlaceOfAnother) {
  const std::vector<Finding> drift = {Firing(CheckId::kDrift, "age")};
  ASSERT_TRUE(said_.Add(Release(-absl::Hours(1), absl::Hours(1))).ok());
  Judge(drift, absl::ZeroDuration());
  ASSERT_TRUE(said_.EndChange("v2", By("eve")).ok());
  Judge(drift, absl::Minutes(1));
  EXPECT_THAT(Fires(), ElementsAre("driftage"));
  ExpectedChange other = Release(-absl::Hours(1), absl::Hours(2));
  other.name = "v3";
  ASSERT_TRUE(said_.Add(other).ok());
  Judge(drift, absl::Minutes(2));
  EXPECT_THAT(Fires(), IsEmpty());
  EXPECT_THAT(WordsOf(alerts_.alerts()[0]), HasSubstr("expected with the change \"v3\" until"));
}

TEST_F(OnCallTest, AnAcknowledgementIsNotOfWhatBecameWorse) {
  Finding drift = Firing(CheckId::kDrift, "age");
  Judge({drift}, absl::ZeroDuration());
  ASSERT_EQ(alerts_.Acknowledge({}, By("anna")).size(), 1u);
  Judge({drift}, absl::Minutes(1));
  EXPECT_NE(alerts_.alerts()[0].acknowledged, std::nullopt);
  drift.severity = Severity::kCritical;
  const std::vector<Alert> changed =
      alerts_.Advance({drift}, policy_, kBegin + absl::Minutes(2), block_);
  ASSERT_EQ(changed.size(), 1u);  // to be stored
  EXPECT_EQ(changed[0].acknowledged, std::nullopt);
  ASSERT_EQ(alerts_.Acknowledge({}, By("anna")).size(), 1u);
  drift.severity = Severity::kWarning;
  Judge({drift}, absl::Minutes(3));
  EXPECT_NE(alerts_.alerts()[0].acknowledged, std::nullopt);
}

TEST_F(OnCallTest, AnAcknowledgementEndsWithItsAlert) {
  const Finding drift = Firing(CheckId::kDrift, "age");
  Judge({drift}, absl::ZeroDuration());
  AlertFilter filter;
  filter.check = CheckId::kDrift;
  filter.variable = "pay";
  EXPECT_THAT(alerts_.Acknowledge(filter, By("anna")), IsEmpty());
  filter.variable = "age";
  EXPECT_EQ(alerts_.Acknowledge(filter, By("anna")).size(), 1u);
  EXPECT_THAT(Fires(), ElementsAre("driftage"));  // it stays visible
  EXPECT_THAT(WordsOf(alerts_.alerts()[0]),
              HasSubstr("acknowledged at 2023-11-14 22:13:20 UTC by"));
  Judge({}, absl::Minutes(1));
  EXPECT_THAT(alerts_.Acknowledge(filter, By("anna")), IsEmpty());  // it is over
  Judge({drift}, absl::Minutes(2));
  EXPECT_EQ(alerts_.alerts()[0].acknowledged, std::nullopt);
}

TEST_F(OnCallTest, WhatIsSaidIsBoundedAndSaysWho) {
  const auto refused = [&](Mute mute) { return std::string(said_.Add(std::move(mute)).message()); };
  Mute mute = MuteOf(CheckId::kDrift, "x", absl::Hours(1));
  EXPECT_THAT(refused(MuteOf(CheckId::kDrift, "x", absl::ZeroDuration())), HasSubstr("is over"));
  EXPECT_THAT(refused(MuteOf(CheckId::kDrift, "x", absl::Hours(24 * 91))), HasSubstr("90 days"));
  mute.set.by = "";
  EXPECT_THAT(refused(mute), HasSubstr("by (who says so) is missing"));
  mute.set.by = "a\nb";
  EXPECT_THAT(refused(mute), HasSubstr("control character"));
  mute.set = {"anna", std::string(1'025, 'x'), kBegin};
  EXPECT_THAT(refused(mute), HasSubstr("1025 bytes; at most 1024"));
  EXPECT_THAT(said_.Add(Release(absl::Hours(1), absl::Hours(1))).message(), HasSubstr("lasts"));
  EXPECT_THAT(said_.Add(Release(-absl::Hours(2), -absl::Hours(1))).message(), HasSubstr("is over"));
  EXPECT_THAT(said_.Add(Release(absl::Hours(24 * 31), absl::Hours(24 * 32))).message(),
              HasSubstr("30 days away"));
  for (size_t i = 0; i < OnCallBook::kMaxInForce; ++i) {
    ASSERT_TRUE(said_.Add(MuteOf(CheckId::kDrift, absl::StrCat(i), absl::Hours(1))).ok());
  }
  const absl::Status full = said_.Add(MuteOf(CheckId::kDrift, "x", absl::Hours(1)));
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(full.message(), HasSubstr("100 mutes in force already"));
  ASSERT_TRUE(said_.Add(MuteOf(CheckId::kDrift, "7", absl::Hours(2))).ok());  // in another's place
  said_.Expire(kBegin + absl::Hours(3));
  EXPECT_EQ(said_.mutes_in_force(), 0u);
  EXPECT_EQ(said_.mutes().size(), OnCallBook::kMaxEnded);
}

Alert Begun(const Finding& finding, absl::Duration at) {
  Alert alert;
  alert.key = {finding.check, finding.variable, finding.source, finding.slice};
  alert.finding = finding;
  alert.state = AlertState::kFiring;
  alert.pending_since = alert.firing_since = kBegin + at;
  return alert;
}

// Names the alerts one after the other, as they begin.
std::vector<std::string> Named(std::vector<Alert>* alerts) {
  std::vector<std::string> names;
  std::vector<const Alert*> open;
  for (Alert& alert : *alerts) {
    alert.incident = IncidentOf(alert, open, absl::Minutes(30));
    open.push_back(&alert);
    names.push_back(alert.incident);
  }
  return names;
}

TEST(Incident, IsWhatBeginsTogetherOrSharesSomething) {
  const std::string first = "20231114T221320Z", second = "20231114T232320Z";
  std::vector<Alert> alerts = {
      Begun(Firing(CheckId::kDrift, "a"), absl::ZeroDuration()),
      Begun(Firing(CheckId::kDrift, "b", "eu"), absl::Minutes(29)),
      Begun(Firing(CheckId::kNullRate, "c"), absl::Minutes(70)),      // of its own
      Begun(Firing(CheckId::kNullRate, "a"), absl::Hours(9)),         // the variable
      Begun(Firing(CheckId::kNullRate, "d", "eu"), absl::Hours(10)),  // the source
      Begun(Firing(CheckId::kEnvironment, ""), absl::Minutes(95)),    // with c
      Begun(Firing(CheckId::kDrift, "e"), absl::Minutes(150)),        // the environment
      Begun(Firing(CheckId::kRowsLost, ""), absl::Hours(20)),         // of its own
      Begun(Firing(CheckId::kLoadMismatch, ""), absl::Hours(30))};    // rows that did not come
  const auto names = Named(&alerts);
  EXPECT_THAT(names, ElementsAre(first, first, second, first, first, second, second,
                                 "20231115T181320Z", "20231115T181320Z"));
  const auto incidents = IncidentsOf(alerts, {});
  ASSERT_EQ(incidents.size(), 3u);
  EXPECT_EQ(incidents[0].id, first);
  EXPECT_EQ(incidents[0].alerts.size(), 4u);
  EXPECT_EQ(incidents[0].began, kBegin);
}

TEST(Incident, IsWhatTheSameProducerSent) {
  const auto sent = [](Finding finding, absl::Duration at, Senders senders) {
    finding.senders = std::move(senders);
    return Begun(finding, at);
  };
  const std::string first = "20231114T221320Z", second = "20231115T031320Z";
  std::vector<Alert> alerts = {
      sent(Firing(CheckId::kEnvironment, "", "eu"), absl::ZeroDuration(), {{"p1", "p2"}, {}}),
      sent(Firing(CheckId::kRowsLost, ""), absl::Hours(5), {{"p3", "p4"}, {"us"}}),
      sent(Firing(CheckId::kDrift, "a", "asia"), absl::Hours(10), {}),
      sent(Firing(CheckId::kDrift, "b", "us"), absl::Hours(15), {}),
      sent(Firing(CheckId::kTailUnknown, ""), absl::Hours(20), {{"p2", "p9"}, {"asia"}}),
      sent(Firing(CheckId::kDrift, "c"), absl::Hours(25), {})};
  // The last but one shares the producer with the first, the source with the third, and that
  // something did not come with the second: it is of the oldest.
  EXPECT_THAT(Named(&alerts),
              ElementsAre(first, second, "20231115T081320Z", second, first, "20231115T231320Z"));
}

TEST(Incident, OfTheSameSecondHasAnotherName) {
  Alert one = Begun(Firing(CheckId::kDrift, "a"), absl::ZeroDuration());
  one.incident = IncidentOf(one, {}, absl::Milliseconds(1));
  const Alert two = Begun(Firing(CheckId::kDrift, "b"), absl::Milliseconds(2));
  EXPECT_EQ(IncidentOf(two, {&one}, absl::Milliseconds(1)), one.incident + "-2");
}

TEST(Incident, TellsTheLikeliestCausesFirst) {
  Finding large = Firing(CheckId::kDrift, "large");
  large.value = 4;
  std::vector<Alert> alerts = {Begun(Firing(CheckId::kDrift, "small"), absl::ZeroDuration()),
                               Begun(large, absl::ZeroDuration()),
                               Begun(Firing(CheckId::kDrift, "small", "eu"), absl::ZeroDuration())};
  Named(&alerts);
  const auto words = [&](const Weights& weights) {
    std::vector<std::string> found;
    const std::vector<Incident> incidents = IncidentsOf(alerts, weights);
    for (const IncidentCause& cause : incidents.at(0).causes) {
      found.push_back(absl::StrCat(CauseName(cause.kind), ": ", cause.words));
    }
    return found;
  };
  EXPECT_THAT(words({}), ElementsAre("source: source eu: drift of small", "effect: large leans",
                                     "effect: small leans"));
  // The predictions hardly depend on it.
  EXPECT_THAT(words({{"large", 0.01}, {"small", 0.9}}),
              ElementsAre("source: source eu: drift of small", "effect: small leans",
                          "effect: large leans"));
  alerts.push_back(Begun(Firing(CheckId::kEnvironment, ""), absl::Minutes(1)));
  alerts.back().finding.reason = "numpy differs";
  alerts.push_back(Begun(Firing(CheckId::kRowsLost, ""), absl::Minutes(1)));
  alerts.back().finding.reason = "2 batches were lost";
  alerts.back().finding.severity = Severity::kCritical;
  Named(&alerts);
  EXPECT_THAT(words({}), ElementsAre("loss: 2 batches were lost", "environment: numpy differs",
                                     "source: source eu: drift of small"));
  const Incident incident = IncidentsOf(alerts, {}).at(0);
  EXPECT_EQ(incident.head,
            "5 alerts on 2 variables since 2023-11-14 22:13:20 UTC: 2 batches were lost");
  EXPECT_EQ(incident.severity, Severity::kCritical);
  EXPECT_EQ(incident.alerts[0].key.check, CheckId::kRowsLost);
}

TEST(Incident, WhatIsHeldBackComesLast) {
  std::vector<Alert> alerts = {Begun(Firing(CheckId::kDrift, "a"), absl::ZeroDuration())};
  alerts[0].hold = Hold{Hold::Kind::kMute, "", "anna", "because", kBegin + absl::Hours(1)};
  Named(&alerts);
  EXPECT_EQ(IncidentsOf(alerts, {}).at(0).severity, std::nullopt);
  EXPECT_THAT(IncidentsOf(alerts, {})[0].head, HasSubstr("1 alert since"));
  EXPECT_THAT(IncidentsOf(alerts, {})[0].head, HasSubstr(", 1 held back: a leans"));
  alerts[0].state = AlertState::kResolved;
  EXPECT_THAT(IncidentsOf(alerts, {}), IsEmpty());
}

}  // namespace
}  // namespace plumbline::checks
