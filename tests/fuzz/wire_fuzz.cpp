// Any line is read or refused, never worse; and what is read is written and read back the same.

#include "node/openssl_crypto.hpp"
#include "node/wire/wire.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace gossip;

[[noreturn]] void fail(const char* what, const std::string& line) {
    std::fprintf(stderr, "%s: %s\n", what, line.c_str());
    std::abort();
}

// Written again from its values, a message reads as itself: one more round changes nothing.
void check_round_trip(const Message& message, const Crypto& crypto) {
    const std::string once = encode(message, crypto, 0);
    if (once.find('\n') != once.size() - 1) fail("a line break inside a line", once);
    const Line again = decode(std::string_view(once).substr(0, once.size() - 1), crypto);
    const auto* read = std::get_if<Message>(&again);
    if (read == nullptr) {
        const auto* error = std::get_if<DecodeError>(&again);
        fail(error == nullptr ? "read back as something else" : error->text.c_str(), once);
    }
    if (encode(*read, crypto, 0) != once) fail("read back differently", once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Ed25519Crypto crypto;
    const Line line = decode({reinterpret_cast<const char*>(data), size}, crypto);
    if (const auto* message = std::get_if<Message>(&line)) check_round_trip(*message, crypto);
    if (const auto* error = std::get_if<DecodeError>(&line)) {
        for (const char c : error->text) {
            if (c < 0x20 || c > 0x7e) fail("a reason that is not fit for a log line", error->text);
        }
    }
    return 0;
}
