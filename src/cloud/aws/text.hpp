#pragma once

/// The text helpers are those of all clouds.
#include "cloud/text.hpp"
