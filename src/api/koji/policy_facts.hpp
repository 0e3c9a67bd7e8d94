#pragma once

#include "api/koji/method.hpp"

namespace nacre::api::koji {

/// The facts a client gives, over those about the caller.
hub::PolicyFacts facts_of(Context& context, const Struct& data);

}  // namespace nacre::api::koji
