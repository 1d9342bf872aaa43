#include "server/transport/status.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/engine/quotas.h"

namespace plumbline::transport {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ToGrpcStatus, KeepsTheCodeAndTheMessage) {
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("model \"m\" does not exist"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "model \"m\" does not exist");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(ToGrpcStatus, CarriesTheViolations) {
  const grpc::Status status =
      ToGrpcStatus(absl::InvalidArgumentError("no"), {{"batch.rows", "none"}, {"b", "c"}});
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_THAT(details.details(), SizeIs(1));
  google::rpc::BadRequest bad;
  ASSERT_TRUE(details.details(0).UnpackTo(&bad));
  ASSERT_THAT(bad.field_violations(), SizeIs(2));
  EXPECT_EQ(bad.field_violations(0).field(), "batch.rows");
  EXPECT_EQ(bad.field_violations(0).description(), "none");
}

TEST(ToRpcStatus, SaysWhenToTryAgainOnlyWhereThatHelps) {
  for (const absl::Status& status :
       {absl::ResourceExhaustedError("full"), absl::UnavailableError("down")}) {
    const google::rpc::Status rpc = ToRpcStatus(status);
    ASSERT_THAT(rpc.details(), SizeIs(1));
    google::rpc::RetryInfo retry;
    ASSERT_TRUE(rpc.details(0).UnpackTo(&retry));
    EXPECT_GT(retry.retry_delay().nanos(), 0);
  }
  EXPECT_THAT(ToRpcStatus(absl::NotFoundError("x")).details(), SizeIs(0));
}

TEST(ToGrpcStatus, AQuotaIsToBeTriedAgainMuchLater) {
  engine::QuotaBook book;
  const grpc::Status status = ToGrpcStatus(book.Refuse(engine::Quota::kModels, 3, "3 already"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "3 already (the setting max_models is 3)");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_GE(retry.retry_delay().seconds(), 10);
}

TEST(ToGrpcStatus, FitsIntoTrailingMetadata) {
  std::vector<profile::FieldViolation> violations;
  for (int i = 0; i < 20; ++i) {
    violations.push_back({absl::StrCat("batch.columns[", i, "].values"), std::string(600, 'x')});
  }
  // Two bytes a letter, so that a cut at any odd place would break one.
  std::string message = "a";
  while (message.size() < 2000) message += "\u00e9";
  const grpc::Status status = ToGrpcStatus(absl::InvalidArgumentError(message), violations);
  EXPECT_LE(status.error_details().size(), 4096u);
  EXPECT_LE(status.error_message().size(), 703u);
  EXPECT_THAT(status.error_message(), EndsWith("\u00e9..."));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::BadRequest bad;
  ASSERT_TRUE(details.details(0).UnpackTo(&bad));
  EXPECT_GE(bad.field_violations_size(), 4);
  EXPECT_EQ(bad.field_violations(0).field(), "batch.columns[0].values");
}

TEST(ViolationsStatus, SaysTheFirstAndHowManyMore) {
  EXPECT_TRUE(ViolationsStatus({}).ok());
  const absl::Status status = ViolationsStatus({{"a", "is bad"}, {"b", "too"}, {"c", "too"}});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a: is bad (and 2 more)"));
}

}  // namespace
}  // namespace plumbline::transport
