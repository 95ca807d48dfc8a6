// Runs a fuzz target over files and folders, with every file also cut and bent a little: what CTest
// does with any compiler. The real search is libFuzzer's (clang, -DGOSSIP_FUZZ=ON).

#include "protocol/rng.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void run_bent(const std::string& input, gossip::Rng& rng) {
    for (int round = 0; round < 300 && !input.empty(); ++round) {
        std::string bent = input;
        for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
            const auto at = static_cast<std::size_t>(rng.below(bent.size()));
            switch (rng.below(4)) {
                case 0:
                    bent[at] = static_cast<char>(rng.below(256));
                    break;
                case 1:
                    bent[at] = "{}[]\",:0-9eE\\"[rng.below(13)];
                    break;
                case 2:
                    bent.insert(at, bent.substr(static_cast<std::size_t>(rng.below(bent.size())), 8));
                    break;
                default:
                    bent.erase(at, 1 + static_cast<std::size_t>(rng.below(4)));
                    break;
            }
            if (bent.empty()) break;
        }
        run(bent);
    }
}

std::string read_line(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    gossip::Rng rng(1);
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            const std::string input = read_line(entry.path());
            run(input);
            run_bent(input, rng);
            ++files;
        }
    }
    std::printf("%zu files replayed\n", files);
    return files == 0 ? 1 : 0;
}
