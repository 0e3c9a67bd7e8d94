#include "hub/call.hpp"

#include "base/error.hpp"
#include "hub/statement.hpp"

#include <algorithm>
#include <utility>

namespace nacre::hub {

Caller Caller::service() {
    Caller caller;
    caller.name = "nacred";
    caller.is_service = true;
    return caller;
}

/// Remembers whether anything was written.
class Call::WatchedTransaction final : public sql::Transaction {
public:
    explicit WatchedTransaction(std::unique_ptr<sql::Transaction> next) : next_{std::move(next)} {}

    sql::Rows query(std::string_view statement, const sql::Parameters& parameters) override {
        if (!statement.starts_with("SELECT") && !statement.starts_with("WITH")) wrote_ = true;
        return next_->query(statement, parameters);
    }

    std::int64_t execute(std::string_view statement, const sql::Parameters& parameters) override {
        wrote_ = true;
        return next_->execute(statement, parameters);
    }

    std::int64_t insert(std::string_view statement, const sql::Parameters& parameters) override {
        wrote_ = true;
        return next_->insert(statement, parameters);
    }

    void savepoint(std::string_view name) override { next_->savepoint(name); }

    void rollback_to(std::string_view name) override { next_->rollback_to(name); }

    void release(std::string_view name) override { next_->release(name); }

    void notify(std::string_view word) override { next_->notify(word); }

    void commit() override { next_->commit(); }

    bool wrote() const noexcept { return wrote_; }

private:
    std::unique_ptr<sql::Transaction> next_;
    bool wrote_ = false;
};

Call::Call(sql::Database& database, sql::Access access, const Clock& clock, Bells& bells)
    : bells_{&bells},
      now_{clock.wall_now()},
      sql_{std::make_unique<WatchedTransaction>(database.begin(access))} {}

Call::Call(Call&&) noexcept = default;

Call::~Call() {
    // Empty after a commit and in a moved-from call.
    // What is undone is undone while it is still this call's turn to write: the next one may make the same again.
    run_undo(0);
    sql_.reset();
}

void Call::run_undo(std::size_t keep) noexcept {
    while (undo_.size() > keep) {
        undo_.back()();
        undo_.pop_back();
    }
}

sql::Transaction& Call::sql() noexcept {
    return *sql_;
}

void Call::set_caller(Caller caller) {
    caller_ = std::move(caller);
    permissions_.reset();
}

std::int64_t Call::now_us() const noexcept {
    return std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count();
}

EventId Call::event() {
    if (!event_)
        event_ = EventId{sql_->insert("INSERT INTO events (time) VALUES (?)", bound(now_us()))};
    return *event_;
}

void Call::ring(Bell Bells::* bell) {
    rings_.push_back(bell);
}

void Call::on_rollback(std::function<void()> undo) {
    undo_.push_back(std::move(undo));
}

void Call::after_commit(std::function<void()> then) {
    then_.push_back(std::move(then));
}

void Call::attempt(const std::function<void()>& body) {
    const std::string name = "call_" + std::to_string(depth_++);
    const auto event = event_;
    const auto permissions = permissions_;
    const std::size_t rings = rings_.size();
    const std::size_t undo = undo_.size();
    const std::size_t then = then_.size();
    sql_->savepoint(name);
    try {
        body();
    } catch (...) {
        --depth_;
        sql_->rollback_to(name);
        sql_->release(name);
        event_ = event;
        permissions_ = permissions;
        rings_.resize(rings);
        then_.resize(then);
        run_undo(undo);
        throw;
    }
    --depth_;
    sql_->release(name);
}

void Call::commit() {
    if (callnum_ && caller_.session && sql_->wrote())
        sql_->execute(
            "UPDATE sessions SET callnum = ?, update_time = ? WHERE id = ?",
            bound(*callnum_, now_us(), *caller_.session));
    std::ranges::sort(rings_, {}, name_of);
    rings_.erase(std::ranges::unique(rings_).begin(), rings_.end());
    for (Bell Bells::* bell : rings_)
        sql_->notify(name_of(bell));
    try {
        sql_->commit();
    } catch (const Error& error) {
        // It may have been applied: what was made outside stays, until a sweep asks the database.
        if (error.code() == ErrorCode::Unavailable) undo_.clear();
        throw;
    }
    undo_.clear();
    for (const auto& then : std::exchange(then_, {}))
        then();
    for (Bell Bells::* bell : std::exchange(rings_, {}))
        (bells_->*bell).ring();
}

}  // namespace nacre::hub
