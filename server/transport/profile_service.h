#ifndef PLUMBLINE_SERVER_TRANSPORT_PROFILE_SERVICE_H_
#define PLUMBLINE_SERVER_TRANSPORT_PROFILE_SERVICE_H_

#include "plumbline/v1/profile_service.grpc.pb.h"
#include "server/engine/engine.h"
#include "server/transport/open_calls.h"

namespace plumbline::transport {

/// Profiles of data sets: see control_services.h.
class ProfileService final : public v1::ProfileService::Service {
 public:
  ProfileService(engine::Engine* engine, OpenCalls* calls) : engine_(engine), calls_(calls) {}

  grpc::Status CreateProfile(grpc::ServerContext* context,
                             grpc::ServerReader<v1::CreateProfileRequest>* reader,
                             v1::CreateProfileResponse* response) override;
  grpc::Status ListProfiles(grpc::ServerContext* context, const v1::ListProfilesRequest* request,
                            v1::ListProfilesResponse* response) override;
  grpc::Status GetProfile(grpc::ServerContext* context, const v1::GetProfileRequest* request,
                          v1::GetProfileResponse* response) override;
  grpc::Status DeleteProfile(grpc::ServerContext* context, const v1::DeleteProfileRequest* request,
                             v1::DeleteProfileResponse* response) override;
  grpc::Status MergeProfiles(grpc::ServerContext* context, const v1::MergeProfilesRequest* request,
                             v1::MergeProfilesResponse* response) override;
  grpc::Status CompareProfiles(grpc::ServerContext* context,
                               const v1::CompareProfilesRequest* request,
                               v1::CompareProfilesResponse* response) override;

 private:
  engine::Engine* const engine_;
  OpenCalls* const calls_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_PROFILE_SERVICE_H_
