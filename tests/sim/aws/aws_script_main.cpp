#include <iostream>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/time.hpp"
#include "sim/aws/aws_script.hpp"

/// Reads one step a line from its standard input, and answers each with a line (aws_script.hpp).
/// Its argument is the time of day at which the script begins, in RFC 3339.
int main(int argc, char** argv) {
  const auto start = edsm::base::parse_rfc3339(argc == 2 ? argv[1] : "");
  if (!start) {
    std::cerr << "usage: aws-script 2026-11-23T12:00:00Z < steps\n";
    return 2;
  }
  edsm::sim::aws::Script script(*start);
  std::string line;
  while (std::getline(std::cin, line)) {
    boost::system::error_code error;
    const auto step = boost::json::parse(line, error);
    if (error || !step.is_object()) {
      std::cerr << "not a JSON object: " << line << '\n';
      return 2;
    }
    std::cout << boost::json::serialize(script.step(step.as_object())) << std::endl;
  }
  return 0;
}
