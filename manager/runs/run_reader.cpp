#include "manager/runs/run_reader.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace gossip {
namespace {

void note_line(RunReading& reading, const RunLine& line) {
    if (const auto* began = std::get_if<RunBegan>(&line)) reading.schema = began->schema;
    if (const auto* ended = std::get_if<RunEnded>(&line)) {
        reading.exit_code = ended->exit_code;
        reading.trace_hash = ended->trace_hash;
    }
}

}  // namespace

std::variant<RunReading, std::string> read_run(const std::string& folder,
                                               const std::function<void(const RunLine&)>& take) {
    const std::string path = folder + "/events.jsonl";
    std::ifstream file(path, std::ios::binary);
    if (!file) return "cannot read " + path + ": " + std::strerror(errno);
    RunReading reading;
    for (std::string text; std::getline(file, text);) {
        const bool whole = !file.eof();  // the newline was there
        const auto line = whole ? decode_run_line(text) : std::nullopt;
        if (!whole) {
            reading.torn = true;
        } else if (!line) {
            ++reading.unreadable;
        } else {
            ++reading.lines;
            note_line(reading, *line);
            take(*line);
        }
        if (reading.lines == 1 && reading.schema == 0) break;
    }
    if (reading.schema == 0) return path + " is not the event log of a run: it does not begin with one's first line";
    if (reading.schema > run_schema) {
        return path + " is of schema " + std::to_string(reading.schema) + "; this gossipctl reads up to " +
               std::to_string(run_schema);
    }
    return reading;
}

}  // namespace gossip
