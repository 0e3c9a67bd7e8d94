#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

Value init_build(Context& context, const Parameters& parameters) {
    static const Signature kData{
        "data(name, version, release, epoch=None, task_id=None, source=None, owner=None, "
        "extra=None, "
        "start_time=None, end_time=None, draft=None, **more)"};
    const Parameters data = read_members(kData, parameters.structure("data"));
    const auto task = data.find_integer("task_id");
    const hub::Reservation reservation = context.hub.generators.reserve(
        context.call,
        parameters.get_key("cg"),
        {.nvr = hub::Nvr{data.get_text("name"), data.get_text("version"), data.get_text("release")},
         .epoch = data.find_integer("epoch"),
         .task = task ? std::optional{hub::TaskId{*task}} : std::nullopt,
         .source = data.find_text("source"),
         .owner = data.find_text("owner")});
    return make_struct({{"build_id", value_of(reservation.build)}, {"token", reservation.token}});
}

Value import_build(Context& context, const Parameters& parameters) {
    const std::string folder = parameters.get_text("directory");
    const Value& metadata = parameters.value("metadata");
    const Struct content =
        metadata.if_string() == nullptr
            ? parameters.structure("metadata")
            : hub::read_metadata(
                  context.hub.files, {.folder = folder, .name = *metadata.if_string()});
    return row_of(context.hub.import.run(
        context.call,
        {.metadata = content, .folder = folder, .token = parameters.find_text("token")}));
}

Value refund_build(Context& context, const Parameters& parameters) {
    const std::int64_t number = parameters.get_integer("state");
    const auto state = nacre::koji::find_build_state(number);
    if (state != hub::BuildState::Failed && state != hub::BuildState::Canceled)
        throw Fault{
            FaultCode::GenericError,
            "Invalid state " + std::to_string(number) + ": expected FAILED or CANCELED"};
    context.hub.generators.refund(
        context.call,
        parameters.get_key("cg"),
        hub::BuildId{parameters.get_integer("build_id")},
        parameters.get_text("token"),
        *state);
    return nullptr;
}

Value list_generators(Context& context, const Parameters&) {
    Struct generators;
    for (const hub::ContentGenerator& generator : context.hub.generators.list(context.call))
        generators.set(
            generator.name,
            make_struct({{"id", value_of(generator.id)}, {"users", value_of(generator.users)}}));
    return generators;
}

Value grant_access(Context& context, const Parameters& parameters) {
    context.hub.generators.grant(
        context.call,
        parameters.get_key("user"),
        parameters.get_key("cg"),
        parameters.if_missing("create"));
    return nullptr;
}

Value revoke_access(Context& context, const Parameters& parameters) {
    context.hub.generators.revoke(
        context.call, parameters.get_key("user"), parameters.get_key("cg"));
    return nullptr;
}

}  // namespace

Methods generator_methods() {
    return {
        changing(
            "CGInitBuild(cg, data)",
            init_build,
            "Reserves a name-version-release for an import: {build_id, token}."),
        changing(
            "CGImport(metadata, directory, token=None)",
            import_build,
            "Imports a build whose files were uploaded to a folder; metadata is a struct or a "
            "file's name."),
        changing(
            "CGRefundBuild(cg, build_id, token, state=3)",
            refund_build,
            "Gives a reservation back: the build becomes FAILED (3) or CANCELED (4)."),
        reading(
            "listCGs()", list_generators, "The content generators and who may import for them."),
        changing(
            "grantCGAccess(user, cg, create=False)",
            grant_access,
            "Lets a user import for a content generator. Admin."),
        changing("revokeCGAccess(user, cg)", revoke_access, "Undoes grantCGAccess. Admin."),
    };
}

}  // namespace nacre::api::koji
