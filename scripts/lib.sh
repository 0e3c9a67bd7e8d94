# What the scripts share. Sourced by bash; expects `set -euo pipefail`.
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
    ca-certificates ccache cmake g++ git ninja-build pkg-config libarchive-dev libboost-json1.81-dev libcap-dev libcli11-dev
    libcurl4-openssl-dev libdeflate-dev libfmt-dev libgnutls28-dev libkainjow-mustache-dev libkrb5-dev libmicrohttpd-dev libpq-dev libpugixml-dev
    libseccomp-dev libsodium-dev libsqlite3-dev libssl-dev libtomlplusplus-dev libyaml-cpp-dev libzstd-dev zlib1g-dev)
job_packages=(busybox-static crun curl iproute2 jq mmdebstrap podman python3 runc skopeo umoci)
test_packages=(
    buildah clang-19 clang-format-19 clang-tidy-19 cppcheck docker-registry groff-base krb5-admin-server krb5-kdc krb5-user libclang-rt-19-dev libgmock-dev libgtest-dev
    librapidcheck-dev oci-image-tool openssh-client postgresql python3-gssapi universal-ctags)

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# ensure_packages NAME...: installs the Debian packages that are missing, and nothing when none is.
ensure_packages() {
    local missing=()
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    [ "$(id -u)" = 0 ] || fail "these Debian packages are missing and only root can install them: ${missing[*]}"
    echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install the packages above"
    fi
    rm -f "$log"
}

# build PRESET TARGET...: configures and builds; no target means all.
build() {
    local preset=$1
    shift
    cd "$repository"
    # Tests cost half of the build: only who runs them builds them.
    local testing=ON
    (($#)) && testing=OFF
    cmake --preset "$preset" -DBUILD_TESTING=$testing >/dev/null
    local target targets=()
    for target in "$@"; do targets+=(--target "$target"); done
    cmake --build "build/$preset" "${targets[@]}"
}
