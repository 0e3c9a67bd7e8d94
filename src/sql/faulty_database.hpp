#pragma once

#include "sql/database.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace nacre::sql {

/// Passes calls on to another database, and makes the N-th one (begin, query, execute, insert, savepoint, notify, commit,
/// counted from 1 over all transactions) throw Error{Unavailable} instead: for fault loops.
class FaultyDatabase final : public Database {
public:
    explicit FaultyDatabase(Database& next) noexcept : next_{next} {}

    /// 0: never. Starts counting anew.
    void fail_call(std::int64_t number) noexcept;

    std::int64_t calls() const noexcept { return count_->calls; }

    std::unique_ptr<Transaction> begin(Access access) override;

    std::unique_ptr<Listener> listen() override { return next_.listen(); }

    std::unique_ptr<Lock> try_lock(std::string_view name) override { return next_.try_lock(name); }

    std::vector<std::string> check_integrity() override { return next_.check_integrity(); }

    std::string_view dialect() const noexcept override { return next_.dialect(); }

private:
    struct Count {
        std::atomic<std::int64_t> calls{0};
        std::atomic<std::int64_t> failing{0};
    };

    class CountedTransaction;
    static void count_call(Count& count);

    Database& next_;
    std::shared_ptr<Count> count_ = std::make_shared<Count>();
};

}  // namespace nacre::sql
