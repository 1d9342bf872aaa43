#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transport/test_server.h"

namespace plumbline::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ModelServiceTest : public ::testing::Test {
 protected:
  ModelServiceTest() {
    MakeModel(&server_, "churn", "v1");
    MakeModel(&server_, "churn", "v2");
    MakeModel(&server_, "price");
  }

  grpc::Status GetModel(const std::string& model, v1::GetModelResponse* response) {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_model(model);
    return server_.models->GetModel(&context, request, response);
  }

  grpc::Status Delete(const std::string& model, const std::string& version) {
    grpc::ClientContext context;
    v1::DeleteModelRequest request;
    request.set_model(model);
    request.set_version(version);
    v1::DeleteModelResponse response;
    return server_.models->DeleteModel(&context, request, &response);
  }

  grpc::Status SetPolicy(const std::string& model, const v1::Policy& policy,
                         v1::SetPolicyResponse* response) {
    grpc::ClientContext context;
    v1::SetPolicyRequest request;
    request.set_model(model);
    *request.mutable_policy() = policy;
    return server_.models->SetPolicy(&context, request, response);
  }

  v1::GetPolicyResponse GetPolicy(const std::string& model) {
    grpc::ClientContext context;
    v1::GetPolicyRequest request;
    request.set_model(model);
    v1::GetPolicyResponse response;
    EXPECT_TRUE(server_.models->GetPolicy(&context, request, &response).ok());
    return response;
  }

  TestServer server_;
};

TEST_F(ModelServiceTest, ListsModelsByNameWithTheirVersions) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(server_.models->ListModels(&context, v1::ListModelsRequest(), &response).ok());
  ASSERT_THAT(response.models(), SizeIs(2));
  EXPECT_EQ(response.models(0).name(), "churn");
  ASSERT_THAT(response.models(0).versions(), SizeIs(2));
  EXPECT_EQ(response.models(0).versions(0).version(), "v1");
  EXPECT_TRUE(response.models(0).versions(0).is_default());
  EXPECT_FALSE(response.models(0).versions(1).is_default());
  EXPECT_EQ(response.models(0).versions(1).active_baseline_number(), 1u);
  EXPECT_EQ(response.models(1).versions(0).version(), "default");
}

TEST_F(ModelServiceTest, AnotherDefaultVersionTakesBatchesWithoutOne) {
  grpc::ClientContext context;
  v1::SetDefaultVersionRequest request;
  request.set_model("churn");
  request.set_version("v2");
  v1::SetDefaultVersionResponse response;
  ASSERT_TRUE(server_.models->SetDefaultVersion(&context, request, &response).ok());
  EXPECT_EQ(server_.engine->Resolve("churn", "")->version, "v2");
  grpc::ClientContext again;
  request.set_version("v9");
  const grpc::Status status = server_.models->SetDefaultVersion(&again, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("v9"));
}

TEST_F(ModelServiceTest, DeletesAVersionThenTheModel) {
  EXPECT_EQ(Delete("churn", "v1").error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(Delete("churn", "v2").ok());
  v1::GetModelResponse response;
  ASSERT_TRUE(GetModel("churn", &response).ok());
  EXPECT_THAT(response.model().versions(), SizeIs(1));
  EXPECT_TRUE(Delete("churn", "").ok());
  EXPECT_EQ(GetModel("churn", &response).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete("churn", "").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ModelServiceTest, APartialPolicyKeepsTheDefaults) {
  EXPECT_EQ(GetPolicy("price").stored().ByteSizeLong(), 0u);
  EXPECT_EQ(GetPolicy("price").effective().window_panes(), 60u);
  v1::Policy policy;
  policy.set_window_panes(7);
  policy.add_checks()->set_check("drift");
  policy.mutable_checks(0)->set_muted(true);
  v1::SetPolicyResponse response;
  const grpc::Status status = SetPolicy("price", policy, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.effective().window_panes(), 7u);
  EXPECT_EQ(response.effective().pane().seconds(), 60);
  const v1::GetPolicyResponse got = GetPolicy("price");
  EXPECT_EQ(got.stored().DebugString(), policy.DebugString());
  EXPECT_EQ(got.effective().DebugString(), response.effective().DebugString());
  // A policy takes the place of the one before.
  ASSERT_TRUE(SetPolicy("price", v1::Policy(), &response).ok());
  EXPECT_EQ(response.effective().window_panes(), 60u);
  EXPECT_EQ(GetPolicy("churn").effective().window_panes(), 60u);
}

TEST_F(ModelServiceTest, ABadPolicyChangesNothing) {
  v1::Policy policy;
  policy.set_window_panes(7);
  policy.set_drift_statistic("psy");
  v1::SetPolicyResponse response;
  grpc::Status status = SetPolicy("price", policy, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("psy"));
  policy.clear_drift_statistic();
  policy.add_variables()->set_variable("no such one");
  status = SetPolicy("price", policy, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("no such one"));
  EXPECT_EQ(GetPolicy("price").effective().window_panes(), 60u);
  EXPECT_EQ(SetPolicy("nobody", v1::Policy(), &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace plumbline::transport
