#pragma once

#include "os/process.hpp"
#include "support/temp_dir.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace nacre::test {

/// A Kerberos realm of MIT's KDC, from Debian's packages, on a free port of the loopback interface with everything below a
/// folder of its own; "EXAMPLE.TEST". Points KRB5_CONFIG of this process to it. Ends with the object, also when this process
/// is killed.
class KerberosRealm {
public:
    /// Whether the programs are installed.
    static bool is_available();

    /// Throws std::runtime_error with the KDC's words.
    KerberosRealm();
    KerberosRealm(const KerberosRealm&) = delete;
    KerberosRealm& operator=(const KerberosRealm&) = delete;
    ~KerberosRealm();

    /// Makes the principal and writes its key.
    std::filesystem::path make_keytab(const std::string& principal);

    /// A fresh token of the principal, whose keytab was made, for the service "HTTP@localhost".
    std::string make_token(const std::string& principal) const;

private:
    os::Command command(std::vector<std::string> argv) const;
    std::filesystem::path keytab_of(const std::string& principal) const;
    void start();

    TempDir folder_;
    os::SystemProcessRunner runner_;
    std::unique_ptr<os::ChildProcess> child_;
};

}  // namespace nacre::test
