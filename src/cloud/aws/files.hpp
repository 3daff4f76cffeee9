#pragma once

/// Environment and files are read as all clouds read them.
#include "cloud/files.hpp"
