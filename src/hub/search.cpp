#include "hub/search.hpp"

#include "base/text.hpp"
#include "hub/build_names.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"
#include "koji/nvr.hpp"

namespace nacre::hub {
namespace {

struct Subject {
    std::string_view tables;
    std::string_view id;
    std::string_view name;
};

Subject subject_of(SearchSubject subject) {
    switch (subject) {
        case SearchSubject::Package:
            return {"package n", "n.id", "n.name"};
        case SearchSubject::Build:
            return {
                "build b JOIN package p ON p.id = b.pkg_id",
                "b.id",
                "p.name || '-' || b.version || '-' || b.release"};
        case SearchSubject::Tag:
            return {
                "tag n JOIN tag_config c ON c.tag_id = n.id AND c.active = 1", "n.id", "n.name"};
        case SearchSubject::Target:
            return {
                "build_target n JOIN build_target_config c ON c.build_target_id = n.id"
                " AND c.active = 1",
                "n.id",
                "n.name"};
        case SearchSubject::User:
            return {"users n", "n.id", "n.name"};
        case SearchSubject::Host:
            return {"host n", "n.id", "n.name"};
    }
    return {};
}

Conditions conditions_of(SearchSubject subject, SearchMatch match, std::string_view terms) {
    Conditions conditions;
    if (subject == SearchSubject::Build) {
        if (match == SearchMatch::Glob) {
            add_build_pattern(conditions, terms);
            return conditions;
        }
        const auto nvr = koji::Nvr::find(terms);
        if (!nvr) {
            conditions.add("1 = 0");
            return conditions;
        }
        conditions.add(
            "p.name = ? AND b.version = ? AND b.release = ?",
            bound(nvr->name(), nvr->version(), nvr->release()));
        return conditions;
    }
    if (match == SearchMatch::Exact) {
        conditions.add("n.name = ?", bound(terms));
    } else {
        conditions.add("LOWER(n.name) LIKE ? ESCAPE '\\'", {to_lower(like_pattern(terms))});
    }
    return conditions;
}

}  // namespace

std::vector<SearchHit> search(
    Call& call,
    SearchSubject subject,
    SearchMatch match,
    std::string_view terms,
    const QueryOptions& options) {
    if (terms.empty()) throw koji::Fault{koji::FaultCode::GenericError, "empty search terms"};
    const Subject where = subject_of(subject);
    const Conditions conditions = conditions_of(subject, match, terms);
    std::string statement = "SELECT ";
    statement += where.id;
    statement += ", ";
    statement += where.name;
    statement += " FROM ";
    statement += where.tables;
    std::vector<SearchHit> hits;
    for (const sql::Row& row : call.sql().query(
             statement + conditions.where()
                 + order_and_page(options, {{"id", where.id}, {"name", where.name}}, where.name),
             conditions.parameters()))
        hits.push_back({row.integer(0), row.text(1)});
    return hits;
}

}  // namespace nacre::hub
