#include "hub/content_generators.hpp"

#include "hub/audit.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kTokenLength = 26;

}  // namespace

std::optional<ContentGenerator> ContentGenerators::find(Call& call, const NameOrId& key) const {
    const auto* name = std::get_if<std::string>(&key);
    const sql::Rows rows =
        name != nullptr ? call.sql().query(
                              "SELECT id, name FROM content_generator WHERE name = ?", bound(*name))
                        : call.sql().query(
                              "SELECT id, name FROM content_generator WHERE id = ?",
                              {std::get<std::int64_t>(key)});
    if (rows.empty()) return std::nullopt;
    ContentGenerator generator{
        .id = ContentGeneratorId{rows[0].integer(0)}, .name = rows[0].text(1)};
    for (const sql::Row& user : call.sql().query(
             "SELECT u.name FROM cg_users c JOIN users u ON u.id = c.user_id"
             " WHERE c.active = 1 AND c.cg_id = ? ORDER BY u.name",
             bound(generator.id)))
        generator.users.push_back(user.text(0));
    return generator;
}

ContentGenerator ContentGenerators::get(Call& call, const NameOrId& key) const {
    auto generator = find(call, key);
    if (!generator)
        throw Fault{
            FaultCode::GenericError, "No such entry in table content_generator: " + plain(key)};
    return *std::move(generator);
}

std::vector<ContentGenerator> ContentGenerators::list(Call& call) const {
    std::vector<ContentGenerator> generators;
    for (const sql::Row& row : call.sql().query("SELECT id FROM content_generator ORDER BY name"))
        generators.push_back(get(call, row.integer(0)));
    return generators;
}

void ContentGenerators::grant(
    Call& call, const NameOrId& user_key, const NameOrId& key, IfMissing if_missing) const {
    require_permission(call, "admin");
    const User user = users_.get(call, user_key);
    auto generator = find(call, key);
    const auto* name = std::get_if<std::string>(&key);
    if (!generator && if_missing == IfMissing::Create && name != nullptr && !name->empty())
        generator = ContentGenerator{
            .id = ContentGeneratorId{call.sql().insert(
                "INSERT INTO content_generator (name) VALUES (?)", bound(*name))},
            .name = *name};
    if (!generator) generator = get(call, key);
    for (const std::string& known : generator->users)
        if (known == user.name)
            throw Fault{
                FaultCode::GenericError,
                "User already has access to content generator " + generator->name};
    insert_versioned(
        call, "cg_users", {{"cg_id", sql_value(generator->id)}, {"user_id", sql_value(user.id)}});
    audit(call, "cg.grant", user.name, generator->name);
}

void ContentGenerators::revoke(Call& call, const NameOrId& user_key, const NameOrId& key) const {
    require_permission(call, "admin");
    const User user = users_.get(call, user_key);
    const ContentGenerator generator = get(call, key);
    hub::revoke(call, "cg_users", "cg_id = ? AND user_id = ?", bound(generator.id, user.id));
    audit(call, "cg.revoke", user.name, generator.name);
}

void ContentGenerators::require_access(Call& call, ContentGeneratorId id) const {
    require_login(call);
    if (call.caller().is_service) return;
    if (!call.sql()
             .query(
                 "SELECT id FROM cg_users WHERE active = 1 AND cg_id = ? AND user_id = ?",
                 bound(id, call.caller().user))
             .empty())
        return;
    throw Fault{
        FaultCode::ActionNotAllowed,
        "Content generator access required (" + get(call, id.value()).name + ")"};
}

Reservation ContentGenerators::reserve(
    Call& call, const NameOrId& key, const ReservationRequest& request) const {
    const ContentGenerator generator = get(call, key);
    require_access(call, generator.id);
    NewBuild build{
        .nvr = request.nvr,
        .epoch = request.epoch,
        .task = request.task,
        .source = request.source,
        .generator = generator.id,
        .start_us = call.now_us()};
    if (request.owner) build.owner = users_.get(call, *request.owner).id;
    const Reservation reservation{builds_.create(call, build), random_word(random_, kTokenLength)};
    call.sql().execute(
        "INSERT INTO build_reservations (build_id, token, created) VALUES (?, ?, ?)",
        bound(reservation.build, reservation.token, call.now_us()));
    return reservation;
}

void ContentGenerators::refund(
    Call& call, const NameOrId& key, BuildId id, std::string_view token, BuildState state) const {
    const ContentGenerator generator = get(call, key);
    require_access(call, generator.id);
    const Build build = builds_.get(call, id.value());
    if (build.state != BuildState::Building)
        throw Fault{FaultCode::GenericError, "Build ID " + id.str() + " is not in BUILDING state."};
    if (build.generator != generator.id)
        throw Fault{
            FaultCode::GenericError, "Build ID " + id.str() + " is not reserved by this CG"};
    const auto known = find_token(call, id);
    if (!known)
        throw Fault{
            FaultCode::GenericError, "Build reservation not found for build_id: " + id.str()};
    if (*known != token)
        throw Fault{FaultCode::GenericError, "Token doesn't match build ID " + id.str()};
    if (state != BuildState::Failed && state != BuildState::Canceled)
        throw Fault{
            FaultCode::GenericError,
            "Only FAILED and CANCELED build states are allowed for refunding"};
    builds_.set_state(call, id, state);
    drop_reservation(call, id);
}

std::optional<std::string> ContentGenerators::find_token(Call& call, BuildId build) const {
    const sql::Rows rows =
        call.sql().query("SELECT token FROM build_reservations WHERE build_id = ?", bound(build));
    if (rows.empty()) return std::nullopt;
    return rows[0].text(0);
}

void ContentGenerators::drop_reservation(Call& call, BuildId build) const {
    call.sql().execute("DELETE FROM build_reservations WHERE build_id = ?", bound(build));
}

std::int64_t ContentGenerators::refund_orphans(Call& call) const {
    const sql::Rows rows = call.sql().query(
        "SELECT r.build_id, t.state FROM build_reservations r JOIN build b ON b.id = r.build_id"
        " JOIN task t ON t.id = b.task_id WHERE b.state = 0 AND t.state IN (2, 3, 5)");
    for (const sql::Row& row : rows) {
        const BuildId build{row.integer(0)};
        const bool canceled = row.integer(1) == static_cast<std::int64_t>(TaskState::Canceled);
        builds_.set_state(call, build, canceled ? BuildState::Canceled : BuildState::Failed);
        drop_reservation(call, build);
    }
    return static_cast<std::int64_t>(rows.size());
}

}  // namespace nacre::hub
