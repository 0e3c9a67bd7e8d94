#include "api/koji/dispatcher.hpp"
#include "api/koji/rows.hpp"
#include "koji/enums.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

Value get_api_version(Context&, const Parameters&) {
    return nacre::koji::kApiVersion;
}

Value get_koji_version(Context&, const Parameters&) {
    return kKojiVersion;
}

Value answer_false(Context&, const Parameters&) {
    return false;
}

Value echo(Context&, const Parameters& parameters) {
    return parameters.rest();
}

Value get_event(Context& context, const Parameters& parameters) {
    const hub::EventId id{parameters.get_integer("id")};
    const auto event = hub::find_event(context.call, id);
    if (!event && parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No such event: " + id.str()};
    return row_or_nil(event);
}

Value get_last_event(Context& context, const Parameters& parameters) {
    const auto event = hub::find_last_event(context.call, parameters.find_number("before"));
    if (!event && parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No events match the given criteria"};
    return row_or_nil(event);
}

Value list_methods(Context& context, const Parameters&) {
    Array names;
    for (const auto& [name, method] : context.dispatcher.methods())
        names.emplace_back(name);
    return names;
}

Value method_signature(Context&, const Parameters&) {
    return "signatures not supported";
}

Value method_help(Context& context, const Parameters& parameters) {
    const auto found = context.dispatcher.methods().find(parameters.get_text("method"));
    if (found == context.dispatcher.methods().end()) return "";
    const Method& method = found->second;
    return method.signature.name() + method.signature.description() + "\ndescription: "
           + std::string{method.doc} + "\nneeds: " + std::string{to_string(method.needs)};
}

Struct describe(const Method& method) {
    Array arguments;
    for (const Parameter& parameter : method.signature.parameters()) {
        if (parameter.fallback)
            arguments.emplace_back(Array{Value{parameter.name}, *parameter.fallback});
        else
            arguments.emplace_back(parameter.name);
    }
    return make_struct({
        {"name", method.signature.name()},
        {"args", arguments},
        {"argdesc", method.signature.description()},
        {"doc", method.doc},
    });
}

Value list_api(Context& context, const Parameters&) {
    Array rows;
    for (const auto& [name, method] : context.dispatcher.methods())
        rows.emplace_back(describe(method));
    return rows;
}

struct InnerCall {
    std::string method;
    Array params;
};

InnerCall read_inner_call(const Value& value) {
    const Struct* members = value.if_struct();
    const Value* name = members == nullptr ? nullptr : members->find("methodName");
    const Value* params = members == nullptr ? nullptr : members->find("params");
    if (name == nullptr || name->if_string() == nullptr)
        throw Fault{FaultCode::ParameterError, "multiCall() expected structs {methodName, params}"};
    InnerCall call{.method = *name->if_string(), .params = {}};
    if (params != nullptr && params->if_array() != nullptr) call.params = *params->if_array();
    return call;
}

Value fault_row(const std::exception_ptr& error, std::string_view traceback) {
    const nacre::koji::FaultText fault = nacre::koji::fault_of(error);
    Struct row = make_struct({
        {"faultCode", static_cast<std::int64_t>(fault.code)},
        {"faultString", fault.text},
    });
    if (!traceback.empty()) row.set("traceback", traceback);
    return row;
}

Value run_one(Context& context, const Value& value) {
    Value answer;
    try {
        const InnerCall inner = read_inner_call(value);
        // Its own savepoint: a failing call is undone alone.
        context.call.attempt(
            [&] { answer = context.dispatcher.run_inside(context, inner.method, inner.params); });
        return Array{answer};
    } catch (const Fault&) {
        return fault_row(std::current_exception(), "");
    } catch (const Error& error) {
        return fault_row(std::current_exception(), error.describe());
    }
}

Value multi_call(Context& context, const Parameters& parameters) {
    const Array calls = parameters.get_array("calls");
    if (calls.size() > kMultiCallsMax)
        throw Fault{
            FaultCode::ParameterError,
            "multiCall() takes at most " + std::to_string(kMultiCallsMax) + " calls, "
                + std::to_string(calls.size()) + " were given"};
    Array answers;
    for (const Value& call : calls)
        answers.push_back(run_one(context, call));
    return answers;
}

Value run_wrapped(Context& context, const Parameters& parameters, Struct keywords) {
    return context.dispatcher.run_inside(
        context,
        parameters.get_text("methodName"),
        nacre::koji::join_arguments(
            {.positional = parameters.rest(), .keywords = std::move(keywords)}));
}

Array get_rows(Context& context, const Parameters& parameters, Struct keywords) {
    Value answer = run_wrapped(context, parameters, std::move(keywords));
    if (answer.is_nil()) return {};
    if (Array* rows = answer.if_array()) return std::move(*rows);
    throw Fault{
        FaultCode::GenericError, parameters.get_text("methodName") + " did not return a list"};
}

struct Filtered {
    std::int64_t total;
    Array rows;
};

Filtered filter(Context& context, const Parameters& parameters) {
    Struct keywords = parameters.keywords();
    Struct options;
    if (const Value* given = keywords.find("filterOpts"))
        if (const Struct* members = given->if_struct()) options = *members;
    keywords.erase("filterOpts");
    Array rows = get_rows(context, parameters, std::move(keywords));
    const auto total = static_cast<std::int64_t>(rows.size());
    return {.total = total, .rows = filter_rows(std::move(rows), options)};
}

Value count(Context& context, const Parameters& parameters) {
    return static_cast<std::int64_t>(get_rows(context, parameters, parameters.keywords()).size());
}

Value filter_results(Context& context, const Parameters& parameters) {
    return filter(context, parameters).rows;
}

Value count_and_filter_results(Context& context, const Parameters& parameters) {
    Filtered filtered = filter(context, parameters);
    return Array{filtered.total, Value{std::move(filtered.rows)}};
}

Value list_volumes(Context&, const Parameters&) {
    return Array{Value{make_struct({{"id", 0}, {"name", hub::kVolumeName}})}};
}

Value get_volume(Context&, const Parameters& parameters) {
    const hub::NameOrId key = parameters.get_key("volume");
    if (key == hub::NameOrId{std::int64_t{0}}
        || key == hub::NameOrId{std::string{hub::kVolumeName}})
        return make_struct({{"id", 0}, {"name", hub::kVolumeName}});
    if (parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No such volume: " + hub::plain(key)};
    return nullptr;
}

}  // namespace

Methods system_methods() {
    constexpr auto kRead = sql::Access::Read;
    return {
        reading("getAPIVersion()", get_api_version, "The version of the protocol: 1."),
        reading(
            "getKojiVersion()", get_koji_version, "The version of Koji whose API this hub speaks."),
        reading("mavenEnabled()", answer_false, "Whether Maven builds are possible: no."),
        reading("winEnabled()", answer_false, "Whether Windows builds are possible: no."),
        reading("echo(*args)", echo, "The arguments."),
        reading(
            "getEvent(id, strict=True)",
            get_event,
            "An event of the configuration's history: {id, ts}."),
        reading(
            "getLastEvent(before=None, strict=True)",
            get_last_event,
            "The last event, or the last one before a time in seconds."),
        reading("system.listMethods()", list_methods, "The names of all methods."),
        reading("system.methodSignature(method)", method_signature, "Not supported: see _listapi."),
        reading(
            "system.methodHelp(method)", method_help, "How a method is called and what it does."),
        reading("_listapi()", list_api, "All methods with their parameters and descriptions."),
        {.signature = Signature{"multiCall(calls)"},
         .access = kRead,
         .run = multi_call,
         .doc = "Runs calls {methodName, params} in their order, in one transaction; one that "
                "fails is "
                "undone alone. Each gives [result] or {faultCode, faultString}.",
         .flow = Flow::Wrapper},
        {.signature = Signature{"system.multicall(calls)"},
         .access = kRead,
         .run = multi_call,
         .doc = "multiCall.",
         .flow = Flow::Wrapper},
        {.signature = Signature{"count(methodName, *args, **kw)"},
         .access = kRead,
         .run = count,
         .doc = "How many rows a method gives.",
         .flow = Flow::Wrapper},
        {.signature = Signature{"filterResults(methodName, *args, **kw)"},
         .access = kRead,
         .run = filter_results,
         .doc = "The rows of a method, by filterOpts {order, offset, limit, noneGreatest}.",
         .flow = Flow::Wrapper},
        {.signature = Signature{"countAndFilterResults(methodName, *args, **kw)"},
         .access = kRead,
         .run = count_and_filter_results,
         .doc = "[how many rows there are, the rows by filterOpts].",
         .flow = Flow::Wrapper},
        reading(
            "listVolumes()", list_volumes, "The volumes of the build tree: there is one, DEFAULT."),
        reading("getVolume(volume, strict=False)", get_volume, "A volume by name or id."),
    };
}

}  // namespace nacre::api::koji
