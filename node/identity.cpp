#include "node/identity.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/freed.hpp"
#include "protocol/names.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

namespace gossip {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;

std::optional<Identity> parts_of(EVP_PKEY* key) {
    Identity identity;
    std::size_t secret = identity.secret.size();
    std::size_t open = identity.key.bytes.size();
    if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) return std::nullopt;
    if (EVP_PKEY_get_raw_private_key(key, identity.secret.data(), &secret) != 1) return std::nullopt;
    if (EVP_PKEY_get_raw_public_key(key, identity.key.bytes.data(), &open) != 1) return std::nullopt;
    return identity;
}

std::string problem(const std::string& path, const std::string& why) { return "key file " + path + ": " + why; }

std::variant<Identity, std::string> read_identity(const std::string& path, int fd) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return problem(path, "is no regular file");
    if ((facts.st_mode & 077U) != 0) {
        return problem(path, "others may read it: run  chmod 600 " + path + "  , or remove it for a new key");
    }
    Bytes text;
    if (!read_all(fd, text)) return problem(path, "cannot read it: " + error_text(errno));
    const BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    const auto identity = parts_of(key.get());
    if (!identity) return problem(path, "holds no Ed25519 private key in PEM; remove it for a new key");
    return *identity;
}

// Written aside and renamed: a start that is cut off leaves no half of a key.
std::variant<Identity, std::string> make_identity(const std::string& path) {
    const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const auto identity = parts_of(key.get());
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!identity || PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return problem(path, "OpenSSL makes no Ed25519 key here");
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    const std::string aside = path + ".new";
    ::unlink(aside.c_str());
    const FileDescriptor file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const bool written = file && write_all(file.get(), {text, static_cast<std::size_t>(size)}) &&
                         ::fsync(file.get()) == 0 && ::rename(aside.c_str(), path.c_str()) == 0;
    if (!written) return problem(path, "cannot write it: " + error_text(errno));
    (void)sync_folder_of(path);
    return *identity;
}

}  // namespace

std::string identity_path(const std::string& state_dir, Role role, NodeId node) {
    std::string name = node_name(node);
    std::replace(name.begin(), name.end(), ':', '-');
    return state_dir + (role == Role::seed ? "/seed-" : "/peer-") + name + ".key";
}

std::variant<Identity, std::string> open_identity(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (file) return read_identity(path, file.get());
    if (errno != ENOENT) return problem(path, "cannot open it: " + error_text(errno));
    return make_identity(path);
}

}  // namespace gossip
