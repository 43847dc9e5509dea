// A stand-in accelerator for machines without one: finds tensors made on the wrong device.
#pragma once

#include <c10/core/Device.h>

namespace lip::test {

inline const c10::Device kStandIn(c10::DeviceType::HPU, 0);

}  // namespace lip::test
