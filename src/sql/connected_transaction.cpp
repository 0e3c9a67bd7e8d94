#include "sql/connected_transaction.hpp"

#include "base/error.hpp"

namespace nacre::sql {

template <class Body>
auto ConnectedTransaction::attempt(Body&& body) {
    if (failed_)
        throw Error{
            ErrorCode::Internal,
            "a statement of the transaction has failed: it can only be undone"};
    try {
        return body();
    } catch (const Error&) {
        failed_ = true;
        throw;
    }
}

Rows ConnectedTransaction::query(std::string_view statement, const Parameters& parameters) {
    return attempt([&] { return do_query(statement, parameters); });
}

std::int64_t ConnectedTransaction::execute(
    std::string_view statement, const Parameters& parameters) {
    return attempt([&] { return do_execute(statement, parameters); });
}

std::int64_t ConnectedTransaction::insert(
    std::string_view statement, const Parameters& parameters) {
    const Rows rows = query(std::string{statement} + " RETURNING id", parameters);
    if (rows.size() != 1)
        throw Error{
            ErrorCode::Internal,
            "an insert made " + std::to_string(rows.size()) + " rows, expected 1"};
    return rows[0].integer(0);
}

void ConnectedTransaction::run(std::string_view verb, std::string_view name) {
    for (const char c : name)
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
            throw Error{ErrorCode::Internal, "savepoint '" + std::string{name} + "' is not a word"};
    do_script(std::string{verb} + std::string{name});
}

void ConnectedTransaction::savepoint(std::string_view name) {
    attempt([&] { run("SAVEPOINT ", name); });
}

void ConnectedTransaction::rollback_to(std::string_view name) {
    run("ROLLBACK TO ", name);
    failed_ = false;
}

void ConnectedTransaction::release(std::string_view name) {
    attempt([&] { run("RELEASE ", name); });
}

void ConnectedTransaction::notify(std::string_view word) {
    if (word.size() > kWordBytesMax)
        throw Error{
            ErrorCode::Internal,
            "a word of " + std::to_string(word.size()) + " bytes is too long to be told, limit "
                + std::to_string(kWordBytesMax)};
    attempt([&] { do_notify(word); });
}

void ConnectedTransaction::commit() {
    attempt([&] { do_commit(); });
}

}  // namespace nacre::sql
