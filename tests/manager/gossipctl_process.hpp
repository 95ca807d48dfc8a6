#pragma once
// A real gossipctl for tests: started in a folder of its own, fed and read through pipes or a terminal.

#include <sys/types.h>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gossip::testing {

using Seconds = std::chrono::duration<double>;

// A fresh folder with a config.toml of quick timers and test ports; removed at the end.
class Workplace {
public:
    Workplace();
    ~Workplace();
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, const std::string& text) const;
    [[nodiscard]] std::string read(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

private:
    int lock_;
    std::filesystem::path path_;
};

enum class Input { pipe, terminal };

class Gossipctl {
public:
    Gossipctl(const Workplace& place, const std::vector<std::string>& arguments, Input input = Input::pipe,
              const std::map<std::string, std::string>& environment = {});
    // Kills it if it still runs.
    ~Gossipctl();
    Gossipctl(const Gossipctl&) = delete;
    Gossipctl& operator=(const Gossipctl&) = delete;

    void type(const std::string& text) const;
    void close_input();
    void signal(int number) const;
    // Of the terminal; the process hears of it.
    void resize(unsigned short columns) const;
    // Whether the terminal shows what is typed by itself, as where no program edits lines.
    [[nodiscard]] bool echoes() const;
    // Reads until `text` has come on stdout (on a terminal: at all) after what was matched before.
    [[nodiscard]] bool shows(const std::string& text, Seconds within = Seconds(60));
    // Waits for its end; -1 when it does not come.
    [[nodiscard]] int exit_code(Seconds within = Seconds(60));

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] const std::string& out() const { return out_; }
    [[nodiscard]] const std::string& err() const { return err_; }

private:
    void start(const Workplace& place, const std::vector<std::string>& arguments, Input input,
               const std::map<std::string, std::string>& environment);
    // Reads what is there; false when nothing came in time.
    bool read_some(Seconds within);

    pid_t pid_{0};
    int input_{-1};
    int output_{-1};
    int error_{-1};
    std::string out_;
    std::string err_;
    std::size_t matched_{0};
};

struct Finished {
    int code{-1};
    std::string out;
    std::string err;
};

// Runs with this text on stdin, to the end.
[[nodiscard]] Finished run_gossipctl(const Workplace& place, const std::vector<std::string>& arguments,
                                     const std::string& input = "");

// Column `column` of the row of a TSV list whose first field ends with `:port`; empty when there is none.
[[nodiscard]] std::string field(const std::string& tsv, int port, int column);
constexpr int pid_column = 2;

// Gone, or a zombie that its parent has not reaped yet.
[[nodiscard]] bool is_gone(pid_t pid);
[[nodiscard]] bool all_gone(const std::vector<pid_t>& pids, Seconds within);
// 'R', 'S', 'T' (stopped), 'Z'…; 0 when there is no such process.
[[nodiscard]] char process_state(pid_t pid);
// Of all processes whose parent is `parent`.
[[nodiscard]] std::vector<pid_t> children_of(pid_t parent);

}  // namespace gossip::testing
