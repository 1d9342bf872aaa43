#ifndef PLUMBLINE_SERVER_PROFILE_NUMBER_TEXT_H_
#define PLUMBLINE_SERVER_PROFILE_NUMBER_TEXT_H_

#include <cstdint>
#include <string>
#include <utility>

namespace plumbline::profile {

/// The shortest text from which the number can be read back: `0.1`, `-999`, `1e+300`, `nan`.
std::string NumberText(double number);
/// Four digits that matter, or all of a whole number: `38.64`, `1234567`, `0.0003102`.
std::string RoundedText(double number);
/// Two numbers that differ, with as many digits as it takes to see it, at least those of
/// RoundedText; and two shares, in percent.
std::pair<std::string, std::string> RoundedTexts(double a, double b);
std::pair<std::string, std::string> PercentTexts(double a, double b);
/// A share in percent with two digits that matter: `3.1%`, `0.0020%`, `100%`.
std::string PercentText(double share);
/// `1,234`.
std::string CountText(uint64_t count);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_NUMBER_TEXT_H_
