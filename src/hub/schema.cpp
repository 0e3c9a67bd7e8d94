#include "hub/schema.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <string>

namespace nacre::hub {
namespace {

// Times are microseconds since 1970, UTC. Truth values are 0 and 1. A versioned table has create_event,
// creator_id, revoke_event, revoker_id and active, which is 1 or NULL, so that a unique key that ends in
// `active` holds for the rows in force only (reference C.10). A creator_id of NULL is the hub itself.
// '@id' and '@versioned' stand for what the dialects write differently or the tables repeat.
constexpr std::string_view kPeople = R"(
CREATE TABLE events (id @id, time BIGINT NOT NULL);
CREATE TABLE users (id @id, name TEXT NOT NULL UNIQUE, status INTEGER NOT NULL,
  usertype INTEGER NOT NULL, password TEXT);
CREATE TABLE user_krb_principals (id @id, user_id BIGINT NOT NULL REFERENCES users(id),
  krb_principal TEXT NOT NULL UNIQUE);
CREATE TABLE permissions (id @id, name TEXT NOT NULL UNIQUE, description TEXT);
CREATE TABLE user_perms (id @id, user_id BIGINT NOT NULL REFERENCES users(id),
  perm_id BIGINT NOT NULL REFERENCES permissions(id), @versioned UNIQUE (user_id, perm_id, active));
CREATE TABLE user_groups (id @id, user_id BIGINT NOT NULL REFERENCES users(id),
  group_id BIGINT NOT NULL REFERENCES users(id), @versioned UNIQUE (user_id, group_id, active));
CREATE TABLE sessions (id @id, user_id BIGINT NOT NULL REFERENCES users(id),
  session_key TEXT NOT NULL, master BIGINT REFERENCES sessions(id), exclusive INTEGER,
  authtype INTEGER NOT NULL, hostip TEXT NOT NULL, callnum BIGINT, start_time BIGINT NOT NULL,
  update_time BIGINT NOT NULL, renew_time BIGINT, expired INTEGER NOT NULL, closed INTEGER NOT NULL,
  UNIQUE (user_id, exclusive));
CREATE INDEX sessions_by_master ON sessions (master);
CREATE TABLE audit_log (id @id, time BIGINT NOT NULL, user_name TEXT NOT NULL,
  address TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);
)";

constexpr std::string_view kWork = R"(
CREATE TABLE channels (id @id, name TEXT NOT NULL UNIQUE, description TEXT,
  enabled INTEGER NOT NULL, comment TEXT);
CREATE TABLE host (id @id, user_id BIGINT NOT NULL UNIQUE REFERENCES users(id),
  name TEXT NOT NULL UNIQUE, ready INTEGER NOT NULL, task_load DOUBLE PRECISION NOT NULL,
  update_time BIGINT, methods TEXT NOT NULL, max_tasks BIGINT);
CREATE TABLE host_config (id @id, host_id BIGINT NOT NULL REFERENCES host(id),
  arches TEXT NOT NULL, capacity DOUBLE PRECISION NOT NULL, description TEXT, comment TEXT,
  enabled INTEGER NOT NULL, @versioned UNIQUE (host_id, active));
CREATE TABLE host_channels (id @id, host_id BIGINT NOT NULL REFERENCES host(id),
  channel_id BIGINT NOT NULL REFERENCES channels(id), @versioned
  UNIQUE (host_id, channel_id, active));
CREATE TABLE task (id @id, state INTEGER NOT NULL, create_time BIGINT NOT NULL,
  start_time BIGINT, completion_time BIGINT, channel_id BIGINT NOT NULL REFERENCES channels(id),
  host_id BIGINT REFERENCES host(id), parent BIGINT REFERENCES task(id), label TEXT,
  waiting INTEGER NOT NULL, awaited INTEGER NOT NULL, owner BIGINT REFERENCES users(id),
  method TEXT NOT NULL, arch TEXT NOT NULL, priority BIGINT NOT NULL,
  weight DOUBLE PRECISION NOT NULL, request TEXT NOT NULL, result TEXT, changed_time BIGINT NOT NULL,
  UNIQUE (parent, label));
CREATE INDEX task_by_state ON task (state, priority, create_time) WHERE state IN (0, 1, 4);
CREATE INDEX task_by_host ON task (host_id) WHERE state IN (1, 4);
CREATE INDEX task_by_owner ON task (owner, id);
CREATE INDEX task_by_method ON task (method, id);
CREATE TABLE task_refusals (id @id, task_id BIGINT NOT NULL REFERENCES task(id),
  host_id BIGINT NOT NULL REFERENCES host(id), by_host INTEGER NOT NULL, soft INTEGER NOT NULL,
  msg TEXT NOT NULL, time BIGINT NOT NULL, UNIQUE (task_id, host_id));
)";

constexpr std::string_view kBuilds = R"(
CREATE TABLE package (id @id, name TEXT NOT NULL UNIQUE);
CREATE TABLE content_generator (id @id, name TEXT NOT NULL UNIQUE);
CREATE TABLE cg_users (id @id, cg_id BIGINT NOT NULL REFERENCES content_generator(id),
  user_id BIGINT NOT NULL REFERENCES users(id), @versioned UNIQUE (cg_id, user_id, active));
CREATE TABLE build (id @id, pkg_id BIGINT NOT NULL REFERENCES package(id),
  version TEXT NOT NULL, release TEXT NOT NULL, epoch BIGINT, state INTEGER NOT NULL,
  task_id BIGINT REFERENCES task(id), owner BIGINT REFERENCES users(id),
  cg_id BIGINT REFERENCES content_generator(id), source TEXT, extra TEXT,
  create_event BIGINT NOT NULL REFERENCES events(id), create_time BIGINT NOT NULL,
  start_time BIGINT, completion_time BIGINT, UNIQUE (pkg_id, version, release));
CREATE INDEX build_by_task ON build (task_id);
CREATE INDEX build_by_owner ON build (owner, id);
CREATE TABLE build_reservations (build_id BIGINT PRIMARY KEY REFERENCES build(id),
  token TEXT NOT NULL, created BIGINT NOT NULL);
CREATE TABLE btype (id @id, name TEXT NOT NULL UNIQUE);
CREATE TABLE build_types (build_id BIGINT NOT NULL REFERENCES build(id),
  btype_id BIGINT NOT NULL REFERENCES btype(id), PRIMARY KEY (build_id, btype_id));
CREATE TABLE archivetypes (id @id, name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL, extensions TEXT NOT NULL, compression_type TEXT);
CREATE TABLE buildroot (id @id, cg_id BIGINT NOT NULL REFERENCES content_generator(id),
  cg_version TEXT NOT NULL, container_type TEXT NOT NULL, container_arch TEXT NOT NULL,
  host_os TEXT NOT NULL, host_arch TEXT NOT NULL, extra TEXT);
CREATE TABLE buildroot_tools (buildroot_id BIGINT NOT NULL REFERENCES buildroot(id),
  tool TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (buildroot_id, tool));
CREATE TABLE archiveinfo (id @id, type_id BIGINT NOT NULL REFERENCES archivetypes(id),
  btype_id BIGINT REFERENCES btype(id), build_id BIGINT NOT NULL REFERENCES build(id),
  buildroot_id BIGINT REFERENCES buildroot(id), filename TEXT NOT NULL, size BIGINT NOT NULL,
  checksum TEXT NOT NULL, checksum_type INTEGER NOT NULL, metadata_only INTEGER NOT NULL, extra TEXT);
CREATE INDEX archiveinfo_by_build ON archiveinfo (build_id);
CREATE INDEX archiveinfo_by_buildroot ON archiveinfo (buildroot_id);
CREATE INDEX archiveinfo_by_filename ON archiveinfo (filename);
CREATE INDEX archiveinfo_by_checksum ON archiveinfo (checksum);
CREATE TABLE image_archives (archive_id BIGINT PRIMARY KEY REFERENCES archiveinfo(id),
  arch TEXT NOT NULL);
CREATE TABLE archive_components (archive_id BIGINT NOT NULL REFERENCES archiveinfo(id),
  component_id BIGINT NOT NULL REFERENCES archiveinfo(id), PRIMARY KEY (archive_id, component_id));
CREATE TABLE buildroot_archives (buildroot_id BIGINT NOT NULL REFERENCES buildroot(id),
  archive_id BIGINT NOT NULL REFERENCES archiveinfo(id), PRIMARY KEY (buildroot_id, archive_id));
CREATE TABLE image_packages (id @id,
  archive_id BIGINT NOT NULL REFERENCES archiveinfo(id), type TEXT NOT NULL, name TEXT NOT NULL,
  version TEXT NOT NULL, release TEXT NOT NULL, epoch BIGINT, arch TEXT NOT NULL, checksum TEXT,
  signature TEXT);
CREATE INDEX image_packages_by_archive ON image_packages (archive_id);
CREATE INDEX image_packages_by_name ON image_packages (name);
)";

constexpr std::string_view kTags = R"(
CREATE TABLE tag (id @id, name TEXT NOT NULL UNIQUE);
CREATE TABLE tag_config (id @id, tag_id BIGINT NOT NULL REFERENCES tag(id),
  arches TEXT, perm_id BIGINT REFERENCES permissions(id), locked INTEGER NOT NULL,
  maven_support INTEGER NOT NULL, maven_include_all INTEGER NOT NULL, @versioned
  UNIQUE (tag_id, active));
CREATE TABLE tag_extra (id @id, tag_id BIGINT NOT NULL REFERENCES tag(id),
  key TEXT NOT NULL, value TEXT, @versioned UNIQUE (tag_id, key, active));
CREATE TABLE tag_inheritance (id @id, tag_id BIGINT NOT NULL REFERENCES tag(id),
  parent_id BIGINT NOT NULL REFERENCES tag(id), priority BIGINT NOT NULL, maxdepth BIGINT,
  intransitive INTEGER NOT NULL, noconfig INTEGER NOT NULL, pkg_filter TEXT NOT NULL, @versioned
  UNIQUE (tag_id, priority, active), UNIQUE (tag_id, parent_id, active));
CREATE INDEX tag_inheritance_by_parent ON tag_inheritance (parent_id);
CREATE TABLE tag_packages (id @id, package_id BIGINT NOT NULL REFERENCES package(id),
  tag_id BIGINT NOT NULL REFERENCES tag(id), blocked INTEGER NOT NULL, extra_arches TEXT, @versioned
  UNIQUE (tag_id, package_id, active));
CREATE INDEX tag_packages_by_package ON tag_packages (package_id);
CREATE TABLE tag_package_owners (id @id,
  package_id BIGINT NOT NULL REFERENCES package(id), tag_id BIGINT NOT NULL REFERENCES tag(id),
  owner BIGINT NOT NULL REFERENCES users(id), @versioned UNIQUE (tag_id, package_id, active));
CREATE INDEX tag_package_owners_by_owner ON tag_package_owners (owner);
CREATE TABLE tag_listing (id @id, build_id BIGINT NOT NULL REFERENCES build(id),
  tag_id BIGINT NOT NULL REFERENCES tag(id), @versioned UNIQUE (tag_id, build_id, active));
CREATE INDEX tag_listing_by_build ON tag_listing (build_id);
CREATE TABLE build_target (id @id, name TEXT NOT NULL UNIQUE);
CREATE TABLE build_target_config (id @id,
  build_target_id BIGINT NOT NULL REFERENCES build_target(id),
  build_tag BIGINT NOT NULL REFERENCES tag(id), dest_tag BIGINT NOT NULL REFERENCES tag(id), @versioned
  UNIQUE (build_target_id, active));
CREATE TABLE publication (id @id, build_id BIGINT NOT NULL REFERENCES build(id),
  tag_id BIGINT NOT NULL REFERENCES tag(id), state INTEGER NOT NULL, created BIGINT NOT NULL,
  due BIGINT NOT NULL, claimed_until BIGINT, attempts BIGINT NOT NULL, last_error TEXT, receipt TEXT,
  finished BIGINT);
CREATE INDEX publication_due ON publication (due) WHERE state = 0;
CREATE INDEX publication_by_build ON publication (build_id, tag_id);
)";

constexpr std::string_view kSeed = R"(
INSERT INTO channels (name, description, enabled) VALUES
  ('default', 'what no policy sends elsewhere', 1), ('container', 'container builds', 1),
  ('container-binary', 'container builds, as newer plugins call it', 1),
  ('container-source', 'source container builds', 1), ('image', 'image builds', 1),
  ('createrepo', 'package repositories', 1);
INSERT INTO permissions (name, description) VALUES
  ('admin', 'everything'), ('appliance', NULL), ('dist-repo', NULL), ('draft-promoter', NULL),
  ('host', 'adding and editing hosts'), ('image', NULL), ('image-import', NULL), ('livecd', NULL),
  ('maven-import', NULL), ('repo', 'repositories'), ('sign', 'signing'), ('tag', 'editing tags'),
  ('target', 'editing targets'), ('win-admin', NULL), ('win-import', NULL);
INSERT INTO btype (name) VALUES ('rpm'), ('maven'), ('win'), ('image'), ('operator-manifests'),
  ('remote-sources');
INSERT INTO archivetypes (name, description, extensions, compression_type) VALUES
  ('tar', 'Tar file', 'tar tar.gz tar.bz2 tar.xz tgz tar.zst', 'tar'),
  ('zip', 'Zip file', 'zip', 'zip'), ('json', 'JSON data', 'json', NULL),
  ('xml', 'XML file', 'xml', NULL), ('yaml', 'YAML file', 'yaml yml', NULL),
  ('txt', 'Text file', 'txt', NULL), ('spdx', 'SPDX document', 'spdx spdx.json', NULL),
  ('oci', 'OCI archive', 'oci oci.tar', 'tar'), ('raw-xz', 'Raw image file', 'raw.xz', NULL),
  ('qcow2', 'QCOW2 image', 'qcow2', NULL), ('iso', 'CD/DVD Image', 'iso', NULL);
)";

// Names of builds by their three-letter pieces: what finds a build by any part of its name.
constexpr std::string_view kBuildNamesSqlite = R"(
CREATE VIRTUAL TABLE build_names USING fts5(build_id UNINDEXED, name, tokenize = 'trigram',
  detail = none);
INSERT INTO build_names (build_id, name) SELECT b.id, LOWER(p.name || '-' || b.version || '-'
  || b.release) FROM build b JOIN package p ON p.id = b.pkg_id;
)";

constexpr std::string_view kBuildNamesPostgresql = R"(
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE build_names (build_id BIGINT PRIMARY KEY REFERENCES build(id), name TEXT NOT NULL);
INSERT INTO build_names (build_id, name) SELECT b.id, LOWER(p.name || '-' || b.version || '-'
  || b.release) FROM build b JOIN package p ON p.id = b.pkg_id;
CREATE INDEX build_names_pieces ON build_names USING gin (name gin_trgm_ops);
)";

// What the scheduler reads: the free tasks in the order in which they are served, and what hosts hold.
// queue_owner is owner, and 0 where there is none: an order over it has no NULLs.
// Both indexes have all columns that are read, the one of their condition included.
constexpr std::string_view kQueue = R"(
ALTER TABLE task ADD COLUMN queue_owner BIGINT NOT NULL DEFAULT 0;
UPDATE task SET queue_owner = COALESCE(owner, 0) WHERE owner IS NOT NULL;
CREATE INDEX task_queue ON task (priority, channel_id, arch, method, weight, queue_owner,
  create_time, id, state) WHERE state = 0;
DROP INDEX task_by_host;
CREATE INDEX task_held ON task (host_id, queue_owner, waiting, weight, state, changed_time)
  WHERE state IN (1, 4) AND host_id IS NOT NULL;
DELETE FROM task_refusals WHERE task_id IN (SELECT id FROM task WHERE state IN (2, 3, 5));
)";

// Reads of what is in force: the builds of a tag from the newest on, and what its package list blocks.
constexpr std::string_view kReads = R"(
CREATE INDEX tag_listing_newest ON tag_listing (tag_id, create_event, build_id) WHERE active = 1;
CREATE INDEX tag_packages_in_force ON tag_packages (tag_id, package_id, blocked) WHERE active = 1;
)";

constexpr std::string_view kVersionedColumns =
    "create_event BIGINT NOT NULL REFERENCES events(id), creator_id BIGINT REFERENCES users(id), "
    "revoke_event BIGINT REFERENCES events(id), revoker_id BIGINT REFERENCES users(id), "
    "active INTEGER,";

std::string_view id_column(std::string_view dialect) {
    if (dialect == "sqlite") return "INTEGER PRIMARY KEY";
    if (dialect == "postgresql") return "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY";
    throw Error{ErrorCode::Unsupported, "no schema for dialect '" + std::string{dialect} + "'"};
}

std::string expand(std::string_view text, std::string_view dialect) {
    std::string result =
        replace_all(replace_all(text, "@versioned", kVersionedColumns), "@id", id_column(dialect));
    // Order and case of letters as in SQLite, whatever the locale of the database; and LIKE 'x%' can use an index.
    if (dialect == "postgresql") result = replace_all(result, " TEXT", " TEXT COLLATE \"C\"");
    return result;
}

}  // namespace

sql::Migrations schema(std::string_view dialect) {
    std::string first;
    for (const std::string_view part : {kPeople, kWork, kBuilds, kTags, kSeed})
        first += expand(part, dialect);
    const std::string_view names = dialect == "sqlite" ? kBuildNamesSqlite : kBuildNamesPostgresql;
    return {
        {1, "the tables of the first hub", std::move(first)},
        {2, "search of builds", expand(names, dialect)},
        {3, "the scheduler's queue", std::string{kQueue}},
        {4, "reads of tags", std::string{kReads}}};
}

void migrate(sql::Database& database) {
    sql::migrate(database, "hub", schema(database.dialect()));
}

}  // namespace nacre::hub
