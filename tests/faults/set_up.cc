#include "tests/faults/set_up.h"

#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <cstdio>

#include "client/channel.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"

namespace plumbline::faults {

int CreateModel(const std::string& server, const std::string& model, const v1::Batch& training) {
  const auto stub = v1::BaselineService::NewStub(client::NewChannel(server, nullptr));
  grpc::ClientContext context;
  v1::CreateBaselineResponse response;
  const auto writer = stub->CreateBaseline(&context, &response);
  v1::CreateBaselineRequest request;
  request.mutable_header()->set_model(model);
  bool open = writer->Write(request);
  *request.mutable_batch() = training;
  open = open && writer->Write(request);
  request.mutable_commit()->set_row_count(training.row_count());
  if (open) writer->Write(request);
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.error_message().c_str());
  return status.ok() ? 0 : 1;
}

bool Stopping() {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  return poll(&input, 1, 0) > 0;
}

}  // namespace plumbline::faults
