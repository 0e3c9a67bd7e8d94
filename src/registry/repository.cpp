#include "registry/repository.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace nacre::registry {
namespace {

constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kAddressNumbers = 4;

/// "127.0.0.1" of "127.0.0.1:5000", "::1" of "[::1]:5000".
std::string_view host_of(std::string_view registry) noexcept {
    if (registry.starts_with('[')) {
        const std::size_t end = registry.find(']');
        return end == std::string_view::npos ? "" : registry.substr(1, end - 1);
    }
    return registry.substr(0, registry.rfind(':'));
}

bool is_loopback_address(std::string_view host) {
    const std::vector<std::string> numbers = split(host, '.');
    return numbers.size() == kAddressNumbers && numbers.front() == "127"
           && std::ranges::all_of(numbers, [](const std::string& number) {
                  const auto value = parse_integer(number);
                  return value && *value >= 0 && *value <= 255;
              });
}

}  // namespace

std::string Repository::str() const {
    return registry + "/" + name;
}

oci::Reference complete(oci::Reference reference, std::string_view default_registry) {
    if (reference.registry.empty()) reference.registry = default_registry;
    constexpr std::array<std::string_view, 2> kOtherNames{
        "index.docker.io", "registry-1.docker.io"};
    if (std::ranges::find(kOtherNames, reference.registry) != kOtherNames.end())
        reference.registry = kDockerHub;
    if (reference.registry == kDockerHub && reference.repository.find('/') == std::string::npos)
        reference.repository.insert(0, kOfficial);
    return reference;
}

Repository repository_of(const oci::Reference& reference) {
    if (reference.registry.empty())
        throw Error{
            ErrorCode::InvalidArgument,
            "image '" + reference.str() + "' is to be looked for in a registry, but names none"};
    return {.registry = reference.registry, .name = reference.repository};
}

bool is_loopback(std::string_view registry) {
    const std::string_view host = host_of(registry);
    return host == "localhost" || host == "::1" || is_loopback_address(host);
}

}  // namespace nacre::registry
