#pragma once

#include "server/config.hpp"
#include "server/layout.hpp"
#include "sql/database.hpp"

#include <memory>

namespace nacre::server {

/// The database that the settings name. Throws what its constructor throws.
std::unique_ptr<sql::Database> open_database(const Config& config, const Layout& layout);

}  // namespace nacre::server
