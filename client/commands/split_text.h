#ifndef PLUMBLINE_CLIENT_COMMANDS_SPLIT_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_SPLIT_TEXT_H_

#include <string>

#include "plumbline/v1/split.pb.h"

namespace plumbline::client {

/// The parts with their rows, digests and labels.
std::string SplitText(const v1::SplitManifest& split);
/// The verdict, the causes, and part by part.
std::string SplitComparisonText(const v1::SplitComparison& comparison);
/// What parts share, with examples.
std::string SplitCheckText(const v1::SplitCheck& check);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_SPLIT_TEXT_H_
