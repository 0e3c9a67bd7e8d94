#include "hub/archives.hpp"

#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::string_view kColumns =
    "SELECT a.id, a.build_id, a.type_id, y.name, y.description, y.extensions, y.compression_type,"
    " a.btype_id, bt.name, a.buildroot_id, a.filename, a.size, a.checksum, a.checksum_type,"
    " a.metadata_only, a.extra, i.arch FROM archiveinfo a JOIN archivetypes y ON y.id = a.type_id"
    " LEFT JOIN btype bt ON bt.id = a.btype_id LEFT JOIN image_archives i ON i.archive_id = a.id";

Archive read_archive(const sql::Row& row) {
    Archive archive{
        .id = ArchiveId{row.integer(0)},
        .build = BuildId{row.integer(1)},
        .type = {row.integer(2), row.text(3), row.text(4), row.text(5), row.find_text(6)},
        .btype = {},
        .buildroot = find_id<BuildrootId>(row, 9),
        .filename = row.text(10),
        .size = row.integer(11),
        .checksum = row.text(12),
        .checksum_type = static_cast<ChecksumType>(row.integer(13)),
        .metadata_only = row.integer(14) != 0,
        .extra = row.find_text(15),
        .arch = row.find_text(16)};
    if (const auto id = row.find_integer(7)) archive.btype = BuildType{*id, row.text(8)};
    return archive;
}

std::vector<Archive> read_archives(const sql::Rows& rows) {
    std::vector<Archive> archives;
    for (const sql::Row& row : rows)
        archives.push_back(read_archive(row));
    return archives;
}

}  // namespace

std::vector<Archive> Archives::list(
    Call& call, const ArchiveFilter& filter, const QueryOptions& options) const {
    Conditions conditions;
    conditions.add_if("a.id = ?", filter.archive);
    conditions.add_if("a.build_id = ?", filter.build);
    conditions.add_if("a.buildroot_id = ?", filter.buildroot);
    conditions.add_if("bt.name = ?", filter.type);
    conditions.add_if("a.filename = ?", filter.filename);
    conditions.add_if("a.size = ?", filter.size);
    conditions.add_if("a.checksum = ?", filter.checksum);
    conditions.add_if(
        "a.id IN (SELECT component_id FROM archive_components WHERE archive_id = ?)", filter.image);
    return read_archives(call.sql().query(
        std::string{kColumns} + conditions.where()
            + order_and_page(
                options,
                {{"id", "a.id"},
                 {"filename", "a.filename"},
                 {"build_id", "a.build_id"},
                 {"size", "a.size"}},
                "a.id"),
        conditions.parameters()));
}

std::optional<Archive> Archives::find(Call& call, ArchiveId archive) const {
    auto found = list(call, {.archive = archive});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<Component> Archives::components(
    Call& call, ArchiveId archive, const std::optional<std::string>& type) const {
    Conditions conditions;
    conditions.add("archive_id = ?", bound(archive));
    conditions.add_if("type = ?", type);
    std::vector<Component> components;
    for (const sql::Row& row : call.sql().query(
             "SELECT type, name, version, release, epoch, arch, checksum, signature"
             " FROM image_packages"
                 + conditions.where() + " ORDER BY type, name, id",
             conditions.parameters()))
        components.push_back(Component{
            row.text(0),
            row.text(1),
            row.text(2),
            row.text(3),
            row.find_integer(4),
            row.text(5),
            row.find_text(6),
            row.find_text(7)});
    return components;
}

std::vector<Archive> Archives::holding(Call& call, std::string_view package) const {
    return read_archives(call.sql().query(
        std::string{kColumns}
            + " WHERE a.id IN (SELECT archive_id FROM image_packages WHERE name = ?) ORDER BY a.id",
        bound(package)));
}

std::vector<ArchiveType> Archives::types(Call& call) const {
    std::vector<ArchiveType> types;
    for (const sql::Row& row : call.sql().query(
             "SELECT id, name, description, extensions, compression_type FROM archivetypes"
             " ORDER BY id"))
        types.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.find_text(4)});
    return types;
}

std::optional<ArchiveType> Archives::find_type(Call& call, std::string_view name) const {
    for (ArchiveType& type : types(call))
        if (type.name == name) return std::move(type);
    return std::nullopt;
}

ArchiveType Archives::type_of_file(Call& call, std::string_view filename) const {
    std::optional<ArchiveType> best;
    std::size_t best_length = 0;
    for (ArchiveType& type : types(call))
        for (const std::string& extension : split_words(type.extensions))
            if (extension.size() > best_length && filename.size() > extension.size() + 1
                && filename.ends_with("." + extension)) {
                best = type;
                best_length = extension.size();
            }
    if (best) return *std::move(best);
    throw Fault{FaultCode::GenericError, "unsupported file extension: " + std::string{filename}};
}

void Archives::add_type(
    Call& call,
    std::string_view name,
    std::string_view description,
    std::string_view extensions,
    const std::optional<std::string>& compression) const {
    require_permission(call, "admin");
    if (find_type(call, name))
        throw Fault{
            FaultCode::GenericError, "archivetype " + std::string{name} + " already exists"};
    for (const std::string& extension : split_words(extensions))
        for (const ArchiveType& known : types(call))
            for (const std::string& taken : split_words(known.extensions))
                if (taken == extension)
                    throw Fault{
                        FaultCode::GenericError,
                        "file extension " + extension + " already exists in archivetype "
                            + known.name};
    call.sql().insert(
        "INSERT INTO archivetypes (name, description, extensions, compression_type)"
        " VALUES (?, ?, ?, ?)",
        bound(name, description, join(split_words(extensions), " "), compression));
    audit(call, "archivetype.add", name);
}

std::vector<BuildType> Archives::build_types(Call& call) const {
    std::vector<BuildType> types;
    for (const sql::Row& row : call.sql().query("SELECT id, name FROM btype ORDER BY id"))
        types.push_back({row.integer(0), row.text(1)});
    return types;
}

std::optional<BuildType> Archives::find_build_type(Call& call, std::string_view name) const {
    const sql::Rows rows =
        call.sql().query("SELECT id, name FROM btype WHERE name = ?", bound(name));
    if (rows.empty()) return std::nullopt;
    return BuildType{rows[0].integer(0), rows[0].text(1)};
}

void Archives::add_build_type(Call& call, std::string_view name) const {
    require_permission(call, "admin");
    if (name.empty() || find_build_type(call, name))
        throw Fault{FaultCode::GenericError, "btype already exists: " + std::string{name}};
    call.sql().insert("INSERT INTO btype (name) VALUES (?)", bound(name));
    audit(call, "btype.add", name);
}

std::optional<Buildroot> Archives::find_buildroot(Call& call, BuildrootId id) const {
    const sql::Rows rows = call.sql().query(
        "SELECT r.cg_id, g.name, r.cg_version, r.container_type, r.container_arch, r.host_os,"
        " r.host_arch, r.extra FROM buildroot r JOIN content_generator g ON g.id = r.cg_id"
        " WHERE r.id = ?",
        bound(id));
    if (rows.empty()) return std::nullopt;
    const sql::Row& row = rows[0];
    Buildroot buildroot{
        .id = id,
        .generator = ContentGeneratorId{row.integer(0)},
        .generator_name = row.text(1),
        .generator_version = row.text(2),
        .container_type = row.text(3),
        .container_arch = row.text(4),
        .host_os = row.text(5),
        .host_arch = row.text(6),
        .extra = row.find_text(7)};
    for (const sql::Row& tool : call.sql().query(
             "SELECT tool, version FROM buildroot_tools WHERE buildroot_id = ? ORDER BY tool",
             bound(id)))
        buildroot.tools.emplace_back(tool.text(0), tool.text(1));
    return buildroot;
}

}  // namespace nacre::hub
