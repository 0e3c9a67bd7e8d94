#include "sql/faulty_database.hpp"

#include "base/error.hpp"

namespace nacre::sql {

void FaultyDatabase::count_call(Count& count) {
    const std::int64_t number = ++count.calls;
    if (number == count.failing)
        throw Error{
            ErrorCode::Unavailable, "database call " + std::to_string(number) + " fails as told"};
}

class FaultyDatabase::CountedTransaction final : public Transaction {
public:
    CountedTransaction(std::unique_ptr<Transaction> next, std::shared_ptr<Count> count)
        : next_{std::move(next)},
          count_{std::move(count)} {}

    Rows query(std::string_view statement, const Parameters& parameters) override {
        count_call(*count_);
        return next_->query(statement, parameters);
    }

    std::int64_t execute(std::string_view statement, const Parameters& parameters) override {
        count_call(*count_);
        return next_->execute(statement, parameters);
    }

    std::int64_t insert(std::string_view statement, const Parameters& parameters) override {
        count_call(*count_);
        return next_->insert(statement, parameters);
    }

    void savepoint(std::string_view name) override {
        count_call(*count_);
        next_->savepoint(name);
    }

    // Undoing does not fail: SQLite and PostgreSQL keep what it takes.
    void rollback_to(std::string_view name) override { next_->rollback_to(name); }

    void release(std::string_view name) override { next_->release(name); }

    void notify(std::string_view word) override {
        count_call(*count_);
        next_->notify(word);
    }

    void commit() override {
        count_call(*count_);
        next_->commit();
    }

private:
    std::unique_ptr<Transaction> next_;
    std::shared_ptr<Count> count_;
};

void FaultyDatabase::fail_call(std::int64_t number) noexcept {
    count_->calls = 0;
    count_->failing = number;
}

std::unique_ptr<Transaction> FaultyDatabase::begin(Access access) {
    count_call(*count_);
    return std::make_unique<CountedTransaction>(next_.begin(access), count_);
}

}  // namespace nacre::sql
