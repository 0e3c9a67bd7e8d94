#include "registry/detail/credential_key.hpp"

#include "base/text.hpp"

#include <array>

namespace nacre::registry::detail {

std::vector<std::string> credential_keys(const Repository& repository) {
    std::vector<std::string> keys;
    std::string key = repository.str();
    while (true) {
        keys.push_back(key);
        const std::size_t slash = key.rfind('/');
        if (slash == std::string::npos) return keys;
        key.resize(slash);
    }
}

std::string normal_key(std::string_view key) {
    bool is_address = false;
    for (const std::string_view scheme : {"https://", "http://"})
        if (key.starts_with(scheme)) {
            key.remove_prefix(scheme.size());
            is_address = true;
        }
    while (key.ends_with('/'))
        key.remove_suffix(1);
    for (const std::string_view path : {"/v1", "/v2"})
        if (is_address && key.ends_with(path)) key.remove_suffix(path.size());
    const std::size_t slash = key.find('/');
    const std::string_view host = key.substr(0, slash);
    if (host != "index.docker.io" && host != "registry-1.docker.io") return std::string{key};
    return std::string{kDockerHub}
           + (slash == std::string_view::npos ? "" : std::string{key.substr(slash)});
}

}  // namespace nacre::registry::detail
