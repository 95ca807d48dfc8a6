#include "manager/runs/plot.hpp"

#include "manager/base/boost_process.hpp"
#include "manager/base/program.hpp"
#include "manager/runs/run_export.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"
#include "sim/graph/power_law.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

namespace gossip {
namespace {

namespace process = boost::process::v2;

std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

// Text for gnuplot's double quotes, with its enhanced mode off.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + "\"";
}

constexpr std::string_view mark = "# gossipctl wrote this plot, and replaces it\n";

// Okabe and Ito's colours, told apart by the colour-blind.
std::string head(const std::string& name, const std::string& title, const std::string& x, const std::string& y) {
    return std::string(mark) +
           "set terminal svg size 800,500 noenhanced font \"sans,13\" background \"white\"\nset output \"" + name +
           ".svg\"\nset title " + quoted(title) + "\nset xlabel " + quoted(x) + "\nset ylabel " + quoted(y) +
           "\nset grid lc rgb \"#dddddd\"\nset key outside right top\n"
           "set linetype 1 lc rgb \"#0072b2\" lw 2\nset linetype 2 lc rgb \"#d55e00\" lw 2\n"
           "set linetype 3 lc rgb \"#009e73\" lw 2\nset linetype 4 lc rgb \"#cc79a7\" lw 2\n"
           "set linetype 5 lc rgb \"#e69f00\" lw 2\nset linetype 6 lc rgb \"#56b4e9\" lw 2\n";
}

using Point = std::pair<double, double>;

std::string block(const std::string& name, const std::vector<Point>& points) {
    std::string out = "$" + name + " << END\n";
    for (const auto& [x, y] : points) out += number(x) + " " + number(y) + "\n";
    return out + "END\n";
}

// The share of peers that had the message by a time after it was said: the mean over all messages, and over the
// slowest tenth of them.
std::optional<Plot> coverage_plot(const RunAnalysis& run) {
    std::vector<double> times;
    double targets = 0;
    std::size_t messages = 0;
    for (const RunMessage& m : run.messages()) {
        if (m.receipts.empty()) continue;
        ++messages;
        targets += static_cast<double>(std::max<std::size_t>(m.targets, m.receipts.size() + 1));
        for (const RunReceipt& r : m.receipts) times.push_back(std::max(0.001, in_milliseconds(r.mono_ns - m.born_ns)));
    }
    if (times.empty()) return std::nullopt;
    std::sort(times.begin(), times.end());
    std::vector<Point> points{{times.front() / 2, static_cast<double>(messages) / targets}};
    for (std::size_t i = 0; i < times.size(); ++i) {
        points.emplace_back(times[i], static_cast<double>(messages + i + 1) / targets);
    }
    const std::string title = "Coverage of " + std::to_string(messages) + " messages";
    return Plot{"coverage", head("coverage", title, "ms after it was said", "share of the members that have it") +
                                "set logscale x\nset yrange [0:1.02]\nset key off\n" + block("coverage", points) +
                                "plot $coverage using 1:2 with steps lt 1\n"};
}

std::optional<Plot> latency_plot(const RunAnalysis& run) {
    std::map<std::uint32_t, std::vector<double>> by_hop;
    std::vector<double> all;
    for (const RunMessage& m : run.messages()) {
        for (const RunReceipt& r : m.receipts) {
            all.push_back(std::max(0.001, in_milliseconds(r.mono_ns - m.born_ns)));
            by_hop[std::min<std::uint32_t>(r.hop, 5)].push_back(all.back());
        }
    }
    if (all.empty()) return std::nullopt;
    std::string data;
    std::string plots;
    const auto add = [&](const std::string& name, const std::string& title, std::vector<double> sample, int line) {
        std::sort(sample.begin(), sample.end());
        std::vector<Point> points;
        for (std::size_t i = 0; i < sample.size(); ++i) {
            points.emplace_back(sample[i], static_cast<double>(i + 1) / static_cast<double>(sample.size()));
        }
        data += block(name, points);
        plots += (plots.empty() ? "plot " : ", ") + ("$" + name) + " using 1:2 with steps lt " + std::to_string(line) +
                 " title " + quoted(title);
    };
    add("all", "all " + std::to_string(all.size()), all, 1);
    for (auto& [hop, sample] : by_hop) {
        const std::string title = "hop " + std::to_string(hop) + (hop == 5 ? " and more" : "");
        add("hop" + std::to_string(hop), title, std::move(sample), static_cast<int>(hop) + 1);
    }
    return Plot{"latency",
                head("latency", "Delivery latency, cumulative", "ms after it was said", "share of deliveries") +
                    "set logscale x\nset yrange [0:1.02]\n" + data + plots + "\n"};
}

// One row a node: when it was suspected, removed, and known to be gone by all.
std::optional<Plot> detection_plot(const RunAnalysis& run) {
    std::string data = "$detection << END\n";
    std::size_t rows = 0;
    for (const RunDetection& d : run.detections()) {
        const bool dead = d.how == NodeState::killed || d.how == NodeState::died || d.how == NodeState::paused;
        if (!dead || !d.removed_ns) continue;
        const double removed = in_milliseconds(*d.removed_ns - d.ended_ns);
        const double suspected =
            d.suspected_ns ? std::min(removed, in_milliseconds(*d.suspected_ns - d.ended_ns)) : removed;
        const double known =
            d.known_all_ns ? std::max(removed, in_milliseconds(*d.known_all_ns - d.ended_ns)) : removed;
        data += std::to_string(++rows) + " " + quoted(short_name(d.node) + " " + std::string(state_name(d.how))) + " " +
                number(suspected) + " " + number(removed) + " " + number(known) + "\n";
    }
    if (rows == 0) return std::nullopt;
    const auto box = [](const char* from, const char* to, int line, const char* title) {
        return std::string("$detection using ") + from + ":1:" + from + ":" + to +
               ":($1-0.35):($1+0.35) with boxxyerror lt " + std::to_string(line) + " fs solid title \"" + title + "\"";
    };
    return Plot{"detection", head("detection", "From a node's end to the last who knows", "ms after its end", "") +
                                 "set yrange [" + number(static_cast<double>(rows) + 0.6) +
                                 ":0.4]\nset xrange [0:*]\n" + data + "END\nplot " + box("(0)", "3", 5, "silent") +
                                 ", " + box("3", "4", 1, "suspected") + ", " +
                                 box("4", "5", 3, "removed, not known to all") +
                                 ", $detection using (0):1:ytic(2) with points pt 0 notitle\n"};
}

std::vector<std::uint32_t> degrees_of(const RunAnalysis& run) {
    std::map<NodeId, std::uint32_t> degrees;
    for (const auto& [id, node] : run.nodes()) {
        if (node.role == Role::peer && is_running(node.state)) degrees[id] = 0;
    }
    for (const RunLink& link : links_of(run)) {
        if (!link.both) continue;
        ++degrees[link.a];
        ++degrees[link.b];
    }
    std::vector<std::uint32_t> out;
    for (const auto& [id, degree] : degrees) out.push_back(degree);
    return out;
}

// The exit code, or -errno. `said`: what gnuplot wrote to stderr, which names the line of the script.
int run_gnuplot(const std::string& folder, const std::string& script, std::string& said) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    const auto program = find_program("gnuplot");
    if (!program) return -ENOENT;
    boost::asio::io_context context;
    process::error_code failed;
    process::process gnuplot = process::posix::default_launcher()(
        context.get_executor(), failed, *program, std::array{script}, process::process_start_dir(folder),
        process::process_stdio{nullptr, nullptr, writing.get()});
    if (failed) return -failed.value();
    writing.reset();
    static_cast<void>(read_all(reading.get(), said));
    std::replace(said.begin(), said.end(), '\n', ' ');
    return gnuplot.wait(failed);
}

bool is_ours_or_new(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    return !file || (std::getline(file, line) && line + "\n" == mark);
}

}  // namespace

Plot degree_plot(std::span<const DegreeSeries> series, const std::string& plot) {
    std::string data;
    std::string plots;
    for (std::size_t i = 0; i < series.size(); ++i) {
        std::map<std::uint32_t, std::size_t> counts;
        for (const std::uint32_t d : series[i].degrees) ++counts[d];
        const auto all = static_cast<double>(series[i].degrees.size());
        std::size_t above = series[i].degrees.size();
        double tail = 0;
        const sim::PowerLaw law = sim::fit_power_law(series[i].degrees);
        std::vector<Point> points;
        for (const auto& [degree, count] : counts) {
            if (degree > 0) points.emplace_back(degree, static_cast<double>(above) / all);
            if (degree == law.from) tail = static_cast<double>(above) / all;
            above -= count;
        }
        const std::string name = "d" + std::to_string(i);
        const std::string line = std::to_string(i % 6 + 1);
        data += block(name, points);
        plots += (i == 0 ? "plot " : ", ") + ("$" + name) + " using 1:2 with points pt 7 ps 0.6 lt " + line +
                 " title " + quoted(series[i].title);
        if (law.exponent == 0) continue;
        plots += ", [" + std::to_string(law.from) + ":*] " + number(tail) + "*((x-0.5)/" +
                 number(static_cast<double>(law.from) - 0.5) + ")**(" + number(1 - law.exponent) +
                 ") with lines dt 2 lt " + line + " title " +
                 quoted("k^-" + number(std::round(law.exponent * 100) / 100) + ", KS " +
                        number(std::round(law.distance * 1000) / 1000));
    }
    return {plot, head(plot, "Degrees", "degree k", "share of peers with at least k links") + "set logscale xy\n" +
                      data + plots + "\n"};
}

std::vector<Plot> plots_of(const RunAnalysis& run) {
    std::vector<Plot> plots;
    for (auto plot : {coverage_plot(run), latency_plot(run), detection_plot(run)}) {
        if (plot) plots.push_back(std::move(*plot));
    }
    DegreeSeries degrees{"links", degrees_of(run)};
    const bool any = std::any_of(degrees.degrees.begin(), degrees.degrees.end(), [](std::uint32_t d) { return d > 0; });
    if (any) plots.push_back(degree_plot(std::span(&degrees, 1)));
    return plots;
}

std::optional<std::string> draw(const std::string& folder, const Plot& plot) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string script = plot.name + ".gp";
    const std::string path = folder + "/" + script;
    if (!is_ours_or_new(path))
        return path + " is in the way: gossipctl did not write it; move it or choose another name";
    if (auto problem = replace_file(path, plot.script); !problem.empty()) return problem;
    std::string said;
    const int code = run_gnuplot(folder, script, said);
    if (code == 0) return std::nullopt;
    if (code == -ENOENT) {
        return "plots are drawn by gnuplot, which is not installed: apt-get install gnuplot-nox (the script is " +
               path + ")";
    }
    if (code < 0) return std::string("gnuplot cannot be started: ") + std::strerror(-code);
    return "gnuplot failed on " + path + ": " + said;
}

}  // namespace gossip
