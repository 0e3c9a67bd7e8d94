#pragma once

#include "oci/descriptor.hpp"

#include <cstdint>
#include <string>

namespace nacre::publish {

/// One image of a build, for one architecture, and where it goes.
struct Publication {
    std::string destination;  ///< the destination tag of the build's target, "f43-container"
    std::string name;
    std::string version;
    std::string release;
    std::string architecture;  ///< as packages name it: "x86_64", "aarch64"
    /// The manifest, in the BlobStore of the publisher.
    oci::Descriptor manifest;
    /// What the image is called where it is loaded: "registry.example.org/httpd:1-2".
    std::string reference;
};

/// What was published, and where it is now.
struct Receipt {
    std::string location;  ///< relative to the publisher's root, or a reference
    std::string sha256;    ///< hex digits, of the file or the manifest there
    std::uint64_t size = 0;

    bool operator==(const Receipt&) const = default;
};

/// Brings images to where others get them. Thread-safe. Every implementation passes
/// tests/contract/publisher_contract.cpp.
class Publisher {
public:
    virtual ~Publisher() = default;

    /// Visible as a whole or not at all, and durable when it returns. Publishing the same image again changes
    /// nothing and gives the same receipt; another image at the same place throws Error{Conflict}. Names that
    /// cannot be a part of a path throw Error{InvalidArgument}.
    virtual Receipt publish(const Publication& publication) = 0;

    /// Takes the image away; false when it is not there.
    virtual bool retract(const Publication& publication) = 0;
};

}  // namespace nacre::publish
