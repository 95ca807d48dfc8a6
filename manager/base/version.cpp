#include "manager/base/version.hpp"

#include <boost/version.hpp>

namespace gossip {

extern const char* const commit_of_build;  // in a source that the build makes: manager/base/commit.cmake

const Provenance& provenance() {
    static const Provenance own{GOSSIPCTL_VERSION, commit_of_build, "g++ " __VERSION__ ", " GOSSIPCTL_BUILD_TYPE};
    return own;
}

std::string version_number() { return GOSSIPCTL_VERSION; }

std::string version_text() {
    return "gossipctl " GOSSIPCTL_VERSION " (g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) +
           ", " + GOSSIPCTL_BUILD_TYPE ")";
}

std::string build_info_text() {
    std::string text = "version:    " GOSSIPCTL_VERSION "\n";
    text += "commit:     " + provenance().commit + "\n";
    text += "compiler:   g++ " __VERSION__ ", C++" + std::to_string(__cplusplus / 100 % 100) + "\n";
    text += "build type: " GOSSIPCTL_BUILD_TYPE "\n";
    text += "flags:      " GOSSIPCTL_BUILD_FLAGS "\n";
    return text + "boost:      " BOOST_LIB_VERSION "\nopenssl:    " GOSSIPCTL_OPENSSL_VERSION "\n";
}

}  // namespace gossip
