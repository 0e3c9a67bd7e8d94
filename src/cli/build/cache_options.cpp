#include "cli/build/cache_options.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/build/words.hpp"
#include "oci/reference.hpp"

#include <array>
#include <map>
#include <utility>

namespace nacre::cli::build {
namespace {

constexpr std::string_view kFrom = "--cache-from";
constexpr std::string_view kTo = "--cache-to";
constexpr std::string_view kSourceForms = "type=registry,ref=REF, type=local,src=FOLDER or REF";
constexpr std::string_view kTargetForms =
    "type=registry,ref=REF, type=local,dest=FOLDER, type=inline or REF";

using Fields = std::map<std::string, std::string>;

/// What a lone reference is short for.
Fields read_fields(std::string_view text) {
    if (text.find('=') == std::string_view::npos)
        return {{"type", "registry"}, {"ref", std::string{text}}};
    Fields fields;
    for (const std::string& field : split_csv(text)) {
        auto [name, value] = split_pair(field);
        fields.insert_or_assign(std::move(name), std::move(value));
    }
    return fields;
}

std::string take(Fields& fields, const std::string& name, std::string fallback = "") {
    const auto found = fields.find(name);
    if (found == fields.end()) return fallback;
    std::string value = std::move(found->second);
    fields.erase(found);
    return value;
}

void check_type(const std::string& type, std::string_view option, std::string_view whole) {
    for (const std::string_view foreign : {"gha", "s3", "azblob"})
        if (type == foreign)
            throw Error{
                ErrorCode::Unsupported,
                std::string{option} + " " + quoted(whole) + ": type " + quoted(type)
                    + " is not supported, registry, local and inline are"};
}

/// Every registry and every layout of ours is as these ask for.
void drop_what_holds_anyway(Fields& fields, std::string_view option, std::string_view whole) {
    for (const char* name : {"oci-mediatypes", "image-manifest"})
        if (take(fields, name, "true") != "true")
            refuse(option, whole, std::string{name} + "=true");
}

void check_nothing_is_left(
    const Fields& fields, std::string_view option, std::string_view whole, std::string_view forms) {
    if (fields.empty()) return;
    throw Error{
        ErrorCode::InvalidArgument,
        std::string{option} + " " + quoted(whole) + ": " + quoted(fields.begin()->first)
            + " is no option of it, needed is " + std::string{forms}};
}

void check_reference(const std::string& text, std::string_view option, std::string_view whole) {
    with_context(std::string{option} + " " + quoted(whole), [&] {
        static_cast<void>(oci::Reference::parse(text));
    });
}

std::string parse_tag(Fields& fields, std::string_view option, std::string_view whole) {
    std::string image_tag = take(fields, "tag", "latest");
    if (!oci::is_image_tag(image_tag)) refuse(option, whole, "tag=TAG");
    return image_tag;
}

CacheTarget::Steps parse_mode(Fields& fields, std::string_view whole) {
    const std::string mode = take(fields, "mode", "min");
    if (mode != "min" && mode != "max") refuse(kTo, whole, "mode=min or mode=max");
    return mode == "max" ? CacheTarget::Steps::All : CacheTarget::Steps::OfImage;
}

CacheTarget::OnError parse_on_error(Fields& fields, std::string_view whole) {
    const std::string value = take(fields, "ignore-error", "false");
    if (value != "true" && value != "false") refuse(kTo, whole, "ignore-error=true or false");
    return value == "true" ? CacheTarget::OnError::Warn : CacheTarget::OnError::Fail;
}

}  // namespace

CacheSource parse_cache_source(std::string_view text) {
    if (text.empty()) refuse(kFrom, text, kSourceForms);
    Fields fields = read_fields(text);
    CacheSource source;
    source.text = text;
    const std::string type = take(fields, "type");
    check_type(type, kFrom, text);
    if (type == "registry") {
        source.place = take(fields, "ref");
        check_reference(source.place, kFrom, text);
    } else if (type == "local") {
        source.kind = CacheSource::Kind::Local;
        source.place = take(fields, "src");
        source.image_tag = parse_tag(fields, kFrom, text);
        if (const std::string digest = take(fields, "digest"); !digest.empty())
            source.digest = with_context(std::string{kFrom} + " " + quoted(text), [&] {
                return oci::Digest::parse(digest);
            });
    }
    if (source.place.empty()) refuse(kFrom, text, kSourceForms);
    check_nothing_is_left(fields, kFrom, text, kSourceForms);
    return source;
}

CacheTarget parse_cache_target(std::string_view text) {
    if (text.empty()) refuse(kTo, text, kTargetForms);
    Fields fields = read_fields(text);
    CacheTarget target;
    target.text = text;
    const std::string type = take(fields, "type");
    check_type(type, kTo, text);
    drop_what_holds_anyway(fields, kTo, text);
    target.on_error = parse_on_error(fields, text);
    if (type == "inline") {
        target.kind = CacheTarget::Kind::Inline;
        if (parse_mode(fields, text) == CacheTarget::Steps::All)
            refuse(kTo, text, "mode=min: an image has no place for the layers of other stages");
    } else if (type == "local") {
        target.kind = CacheTarget::Kind::Local;
        target.steps = parse_mode(fields, text);
        target.place = take(fields, "dest");
        target.image_tag = parse_tag(fields, kTo, text);
    } else if (type == "registry") {
        target.steps = parse_mode(fields, text);
        target.place = take(fields, "ref");
        check_reference(target.place, kTo, text);
    }
    if (target.place.empty() && target.kind != CacheTarget::Kind::Inline)
        refuse(kTo, text, kTargetForms);
    check_nothing_is_left(fields, kTo, text, kTargetForms);
    return target;
}

}  // namespace nacre::cli::build
