#pragma once

#include "api/koji/method.hpp"

namespace nacre::api::koji {

struct TaskListOptions {
    hub::TaskFilter filter;
    bool decode = false;
};

/// listTasks' opts. Throws koji::Fault{ParameterError} for an option that does not exist.
TaskListOptions read_task_options(Context& context, const Struct& options);

/// method, arglist, parent, label, priority, channel, arch, owner, assign: as makeTask names them. `arglist` is a
/// list or the struct of keyword arguments alone.
hub::NewTask new_task_of(const Parameters& given);

}  // namespace nacre::api::koji
