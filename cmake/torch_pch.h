// Compiled once for all sources that work with tensors: these headers cost 10 s otherwise.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>
