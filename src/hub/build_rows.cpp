#include "hub/build_rows.hpp"

#include "hub/statement.hpp"

namespace nacre::hub {

Build read_build(const sql::Row& row) {
    return Build{
        .id = BuildId{row.integer(0)},
        .package = PackageId{row.integer(1)},
        .nvr = Nvr{row.text(2), row.text(3), row.text(4)},
        .epoch = row.find_integer(5),
        .state = static_cast<BuildState>(row.integer(6)),
        .task = find_id<TaskId>(row, 7),
        .owner = find_id<UserId>(row, 8),
        .owner_name = row.find_text(9).value_or(""),
        .source = row.find_text(10),
        .extra = row.find_text(11),
        .generator = find_id<ContentGeneratorId>(row, 12),
        .generator_name = row.find_text(13),
        .creation_event = EventId{row.integer(14)},
        .creation_us = row.integer(15),
        .start_us = row.find_integer(16),
        .completion_us = row.find_integer(17)};
}

}  // namespace nacre::hub
