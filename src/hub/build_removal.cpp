#include "hub/build_removal.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <system_error>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;
namespace fs = std::filesystem;

/// The folders of version and name go with their last release.
void discard(const fs::path& folder) noexcept {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::remove(folder.parent_path(), ignored);
    fs::remove(folder.parent_path().parent_path(), ignored);
}

std::string hindrance_of(const BuildReferences& references) {
    std::vector<std::string> names;
    if (!references.tags.empty()) {
        for (const auto& [unused, name] : references.tags)
            names.push_back(name);
        return "tagged: " + join(names, ", ");
    }
    if (!references.archives.empty()) {
        for (const Archive& archive : references.archives)
            names.push_back(archive.filename);
        return "used in archive buildroots: " + join(names, ", ");
    }
    for (const ArchiveId archive : references.component_of)
        names.push_back(archive.str());
    return "used as component of: " + join(names, ", ");
}

}  // namespace

BuildReferences BuildRemoval::references(Call& call, BuildId build) const {
    BuildReferences found;
    for (const sql::Row& row : call.sql().query(
             "SELECT t.id, t.name FROM tag_listing l JOIN tag t ON t.id = l.tag_id"
             " WHERE l.build_id = ? AND l.active = 1 ORDER BY t.name",
             bound(build)))
        found.tags.emplace_back(TagId{row.integer(0)}, row.text(1));
    const auto complete = static_cast<std::int64_t>(BuildState::Complete);
    for (const sql::Row& row : call.sql().query(
             "SELECT DISTINCT a.id FROM archiveinfo own JOIN buildroot_archives r"
             " ON r.archive_id = own.id JOIN archiveinfo a ON a.buildroot_id = r.buildroot_id"
             " JOIN build b ON b.id = a.build_id WHERE own.build_id = ? AND b.state = ?"
             " ORDER BY a.id",
             bound(build, complete)))
        if (auto archive = archives_.find(call, ArchiveId{row.integer(0)}))
            found.archives.push_back(*std::move(archive));
    for (const sql::Row& row : call.sql().query(
             "SELECT DISTINCT c.archive_id FROM archiveinfo own JOIN archive_components c"
             " ON c.component_id = own.id JOIN archiveinfo a ON a.id = c.archive_id JOIN build b"
             " ON b.id = a.build_id WHERE own.build_id = ? AND b.state = ? ORDER BY c.archive_id",
             bound(build, complete)))
        found.component_of.emplace_back(row.integer(0));
    return found;
}

std::optional<bool> BuildRemoval::remove(Call& call, const BuildKey& key, Strict strict) const {
    require_permission(call, "admin");
    const Build build = builds_.get(call, key);
    if (build.state == BuildState::Deleted) return std::nullopt;
    const BuildReferences references = this->references(call, build.id);
    if (references.any()) {
        if (strict == Strict::No) return false;
        throw Fault{FaultCode::GenericError, "Cannot delete build, " + hindrance_of(references)};
    }
    call.sql().execute(
        "UPDATE build SET state = ? WHERE id = ?",
        bound(static_cast<std::int64_t>(BuildState::Deleted), build.id));
    audit(call, "build.delete", build.nvr.str());
    call.after_commit([folder = files_.top() / build_folder(build.nvr)] { discard(folder); });
    return true;
}

int BuildRemoval::sweep(Call& call) const {
    int swept = 0;
    for (const sql::Row& row : call.sql().query(
             "SELECT p.name, b.version, b.release FROM build b JOIN package p ON p.id = b.pkg_id"
             " WHERE b.state = ?",
             {static_cast<std::int64_t>(BuildState::Deleted)})) {
        const fs::path folder =
            files_.top() / build_folder(Nvr{row.text(0), row.text(1), row.text(2)});
        std::error_code ignored;
        if (!fs::exists(folder, ignored)) continue;
        discard(folder);
        ++swept;
    }
    return swept;
}

}  // namespace nacre::hub
