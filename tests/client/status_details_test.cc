#include "client/status_details.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace plumbline::client {
namespace {

google::rpc::Status Refused() {
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  status.set_message("housing: the batch breaks\nthe contract");
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("batch.columns[2].validity");
  violation->set_description("7 bytes, 128 expected");
  status.add_details()->PackFrom(bad);
  return status;
}

TEST(StatusDetails, SaysFieldAndReasonOnOneLine) {
  EXPECT_EQ(Describe(Refused()),
            "housing: the batch breaks the contract (batch.columns[2].validity: 7 bytes, 128 "
            "expected)");
}

TEST(StatusDetails, DoesNotRepeatTheMessage) {
  google::rpc::Status status = Refused();
  status.set_message("batch.columns[2].validity: 7 bytes, 128 expected");
  EXPECT_EQ(Describe(status), "batch.columns[2].validity: 7 bytes, 128 expected");
}

TEST(StatusDetails, ReadsTheDetailsOfAGrpcStatus) {
  const grpc::Status status(grpc::StatusCode::INVALID_ARGUMENT, "short",
                            Refused().SerializeAsString());
  const absl::Status error = ToAbslStatus(status);
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(error.message()).find("7 bytes"), std::string::npos);
}

TEST(StatusDetails, LivesWithDetailsThatAreNoStatus) {
  const grpc::Status status(grpc::StatusCode::INTERNAL, "broken", "\xFF\xFF not a message");
  EXPECT_EQ(ToAbslStatus(status), absl::InternalError("broken"));
  EXPECT_EQ(ToAbslStatus(grpc::Status::OK), absl::OkStatus());
}

TEST(StatusDetails, NamesTheCodeWhereThereIsNoMessage) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Describe(status), "UNAVAILABLE");
}

TEST(StatusDetails, FindsTheRetryDelay) {
  google::rpc::Status status = Refused();
  EXPECT_FALSE(RetryDelay(status).has_value());
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(2);
  info.mutable_retry_delay()->set_nanos(500'000'000);
  status.add_details()->PackFrom(info);
  EXPECT_EQ(RetryDelay(status), absl::Milliseconds(2500));
}

TEST(StatusDetails, IgnoresANegativeRetryDelay) {
  google::rpc::Status status;
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(-2);
  status.add_details()->PackFrom(info);
  EXPECT_FALSE(RetryDelay(status).has_value());
}

}  // namespace
}  // namespace plumbline::client
