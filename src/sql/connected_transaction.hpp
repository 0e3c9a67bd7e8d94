#pragma once

#include "sql/database.hpp"

#include <string>

namespace nacre::sql {

/// What the transactions of all databases have in common: how inserts and savepoints are written, and that after a
/// failed statement nothing is accepted but a rollback.
class ConnectedTransaction : public Transaction {
public:
    Rows query(std::string_view statement, const Parameters& parameters) final;
    std::int64_t execute(std::string_view statement, const Parameters& parameters) final;
    std::int64_t insert(std::string_view statement, const Parameters& parameters) final;
    void savepoint(std::string_view name) final;
    void rollback_to(std::string_view name) final;
    void release(std::string_view name) final;
    void notify(std::string_view word) final;
    void commit() final;

protected:
    virtual Rows do_query(std::string_view statement, const Parameters& parameters) = 0;
    virtual std::int64_t do_execute(std::string_view statement, const Parameters& parameters) = 0;
    virtual void do_script(const std::string& script) = 0;
    virtual void do_notify(std::string_view word) = 0;
    virtual void do_commit() = 0;

private:
    template <class Body>
    auto attempt(Body&& body);
    void run(std::string_view verb, std::string_view name);

    bool failed_ = false;
};

}  // namespace nacre::sql
