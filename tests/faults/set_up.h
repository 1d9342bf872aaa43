#ifndef PLUMBLINE_TESTS_FAULTS_SET_UP_H_
#define PLUMBLINE_TESTS_FAULTS_SET_UP_H_

#include <string>

#include "plumbline/v1/batch.pb.h"

namespace plumbline::faults {

/// Makes `model`, whose training rows are `training`. An exit code; says on stderr what failed.
int CreateModel(const std::string& server, const std::string& model, const v1::Batch& training);

/// True once a line, or the end, has come on stdin.
bool Stopping();

}  // namespace plumbline::faults

#endif  // PLUMBLINE_TESTS_FAULTS_SET_UP_H_
