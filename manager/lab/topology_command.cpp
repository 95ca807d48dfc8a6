#include "manager/lab/topology_command.hpp"

#include "manager/base/command_line.hpp"
#include "manager/base/csv.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/statistics.hpp"
#include "manager/base/strategy_options.hpp"
#include "manager/base/version.hpp"
#include "manager/lab/sim_options.hpp"
#include "manager/runs/plot.hpp"
#include "manager/runs/run_figures.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"
#include "protocol/overlay/given_links.hpp"
#include "sim/cluster/grown_overlay.hpp"
#include "sim/graph/power_law.hpp"
#include "sim/graph/robustness.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>

namespace gossip {
namespace {

struct Request {
    std::uint32_t peers{1000};
    std::vector<const OverlayStrategy*> overlays;  // none: all that suit so many peers
    bool peers_given{false};
    OverlayConfig overlay;
    std::uint64_t seed{1};
    std::uint32_t runs{1};
    std::uint32_t replicates{100};
    std::string plot;
    std::string csv;
    std::optional<TableFormat> format;
    bool help{false};
};

using Figure = std::optional<double>;  // nothing: not measured

// One graph.
struct Overlay {
    std::vector<std::pair<std::string, Figure>> figures;
    std::vector<std::uint32_t> preferential;  // degrees without ring links
    std::vector<std::uint32_t> total;
};

// All graphs of a strategy.
struct Overlays {
    std::vector<std::string> names;
    std::vector<std::vector<double>> samples;  // by figure, of the graphs that measured it
    std::vector<std::uint32_t> preferential;   // of all graphs
    std::vector<std::uint32_t> total;
};

// ---------------------------------------------------------------- options

std::string take_number(std::uint32_t& out, const std::string& text, std::uint32_t least, std::uint32_t most) {
    const auto value = parse_count(text);
    if (!value || *value < least || *value > most) {
        return "is not a number from " + std::to_string(least) + " to " + std::to_string(most);
    }
    out = static_cast<std::uint32_t>(*value);
    return {};
}

std::vector<const OverlayStrategy*> all_strategies() {
    const auto all = overlay_strategies();
    return {all.begin(), all.end()};
}

std::string take_overlays(Request& r, const std::string& text) {
    if (text == "all") {
        for (const OverlayStrategy* s : overlay_strategies()) {
            if (!s->follows_given()) r.overlays.push_back(s);
        }
        return {};
    }
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const auto word = parse_overlay(text.substr(begin, end - begin));
        const auto* good = std::get_if<OverlayWord>(&word);
        if (good == nullptr) return "is not all or a list of " + overlay_names();
        const OverlayStrategy* strategy = good->strategy;
        if (strategy->follows_given() && r.overlay.given) return "has two graphs; one at a time";
        if (const std::string problem = apply(*good, r.overlay); !problem.empty()) return "cannot be used: " + problem;
        r.overlays.push_back(strategy);
        begin = end + 1;
    }
    return {};
}

constexpr OptionOf<Request> options[] = {
    {{"--peers", "", "N", "how many peers (default 1000)"},
     [](Request& r, const std::string& v) { return r.peers_given = true, take_number(r.peers, v, 2, 1'000'000); }},
    {{"--overlay", "", "LIST", "strategies with commas, or all; see below (default: those for so many peers)"},
     take_overlays},
    {{"--links", "", "N", "links a joiner opens (default 3)"},
     [](Request& r, const std::string& v) { return take_number(r.overlay.links, v, 1, 64); }},
    {{"--cap", "", "N", "links a peer accepts (default 128)"},
     [](Request& r, const std::string& v) { return take_number(r.overlay.cap, v, 1, 1'000'000); }},
    {{"--alpha", "", "A", "rank weight 1/k^A of zipf (default 1)"},
     [](Request& r, const std::string& v) -> std::string {
         const auto value = parse_number(v);
         if (!value || *value < 0 || *value > 10) return "is not a number from 0 to 10";
         return r.overlay.alpha = *value, "";
     }},
    {{"--seed", "", "S", "what everything is drawn from (default 1)"},
     [](Request& r, const std::string& v) -> std::string {
         const auto value = parse_count(v);
         if (value) r.seed = *value;
         return value ? "" : "is not a number";
     }},
    {{"--runs", "", "N", "the mean of so many graphs, each of a seed of its own (default 1)"},
     [](Request& r, const std::string& v) { return take_number(r.runs, v, 1, 1000); }},
    {{"--replicates", "", "N", "of the fit's p value; 0: without (default 100)"},
     [](Request& r, const std::string& v) { return take_number(r.replicates, v, 0, 10'000); }},
    {{"--plot", "", "FILE.svg", "the degrees' distribution with the fits, through gnuplot"},
     [](Request& r, const std::string& v) -> std::string {
         return r.plot = v, v.ends_with(".svg") ? "" : "is not a name like FILE.svg";
     }},
    {{"--csv", "", "FILE", "how many peers have each degree, strategy by strategy"},
     [](Request& r, const std::string& v) -> std::string { return r.csv = v, ""; }},
    {{"--output", "-o", "table|json|tsv", "form of the result (also -o)"}, set_format<Request>},
};

// What only shows once all options are known.
std::string choose_overlays(Request& request) {
    const auto given = std::find_if(request.overlays.begin(), request.overlays.end(),
                                    [](const OverlayStrategy* s) { return s->follows_given(); });
    if (given != request.overlays.end() && !request.peers_given) request.peers = request.overlay.given->vertices();
    const bool chosen = !request.overlays.empty();
    for (const OverlayStrategy* s : chosen ? request.overlays : all_strategies()) {
        request.overlay.strategy = s;
        const auto problem = sim::GrownOverlay::problem(request.overlay, request.peers);
        if (chosen && problem) return "--overlay: " + *problem;
        if (!chosen && !problem && !s->warning(request.overlay, request.peers)) request.overlays.push_back(s);
    }
    return {};
}

std::variant<Request, std::string> parse(const std::vector<std::string>& arguments) {
    Request request;
    const auto read = read_command_line(texts_of<Request>(options), arguments, "gossipctl topology --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    request.help = line.help;
    if (!line.words.empty()) return "\"" + line.words.front() + "\" is too much; see gossipctl topology --help";
    if (std::string problem = apply_options<Request>(options, line, request); !problem.empty()) return problem;
    if (const std::string problem = choose_overlays(request); !problem.empty()) return problem;
    return request;
}

// ---------------------------------------------------------------- measuring

void add_law(Overlay& out, const std::string& name, const std::vector<std::uint32_t>& degrees, const Request& request,
             Rng rng) {
    const sim::PowerLaw law = sim::fit_power_law(degrees);
    const auto if_fitted = [&](double value) { return law.exponent > 0 ? Figure(value) : std::nullopt; };
    out.figures.emplace_back(name, if_fitted(law.exponent));
    out.figures.emplace_back(name + "_from", if_fitted(static_cast<double>(law.from)));
    out.figures.emplace_back(name + "_n", if_fitted(static_cast<double>(law.tail)));
    out.figures.emplace_back(name + "_ks", if_fitted(law.distance));
    if (request.replicates == 0) return;
    out.figures.emplace_back(name + "_p", if_fitted(sim::power_law_p(degrees, law, request.replicates, rng)));
}

// Of the links' ends, the share at the hundredth of the peers with the most.
double hub_share(std::vector<std::uint32_t> degrees) {
    std::sort(degrees.rbegin(), degrees.rend());
    const std::size_t hubs = std::max<std::size_t>(1, degrees.size() / 100);
    const auto all = std::accumulate(degrees.begin(), degrees.end(), std::uint64_t{0});
    const auto top =
        std::accumulate(degrees.begin(), degrees.begin() + static_cast<std::ptrdiff_t>(hubs), std::uint64_t{0});
    return all == 0 ? 0 : static_cast<double>(top) / static_cast<double>(all);
}

void add_losses(Overlay& out, const sim::Graph& graph, Rng& rng) {
    for (const int percent : {10, 30, 50}) {
        out.figures.emplace_back("connected_without_" + std::to_string(percent) + "%",
                                 sim::largest_share_after(graph, sim::Removal::random, percent / 100.0, rng.fork()));
    }
    for (const int percent : {1, 5, 10}) {
        out.figures.emplace_back("connected_without_hubs_" + std::to_string(percent) + "%",
                                 sim::largest_share_after(graph, sim::Removal::hubs, percent / 100.0, rng.fork()));
    }
}

Overlay measure(const Request& request, const OverlayStrategy* strategy, std::uint64_t seed) {
    constexpr std::size_t path_sources = 64;
    std::vector<NodeId> ids;
    for (std::uint32_t i = 0; i < request.peers; ++i) ids.push_back(node_id({0x0a000000U + i, 7000}));
    OverlayConfig config = request.overlay;
    config.strategy = strategy;
    Rng rng(mix64(seed));
    const sim::GrownOverlay grown(ids, config, rng.fork());
    Overlay out;
    std::vector<sim::Graph::Edge> edges;
    for (std::uint32_t peer = 0; peer < request.peers; ++peer) {
        std::uint32_t chosen = 0;
        for (const auto& end : grown.of(peer)) {
            chosen += end.ring ? 0 : 1;
            if (peer < end.other) edges.emplace_back(peer, end.other);
        }
        out.preferential.push_back(chosen);
        out.total.push_back(grown.degree(peer));
    }
    const sim::Graph graph(request.peers, edges);
    const auto peers = static_cast<double>(request.peers);
    const auto links = static_cast<double>(edges.size());
    const double sends = 2 * links - (peers - 1);  // each but the origin passes on to all but one of its neighbours
    out.figures = {{"links", links},
                   {"degree_mean", 2 * links / peers},
                   {"degree_max", static_cast<double>(*std::ranges::max_element(out.total))}};
    add_law(out, "gamma", out.preferential, request, rng.fork());
    add_law(out, "gamma_total", out.total, request, rng.fork());
    out.figures.emplace_back("hub_share", hub_share(out.total));
    out.figures.emplace_back("components", static_cast<double>(sim::components(graph).count));
    const double path = sim::mean_path(graph, path_sources, rng.fork());
    out.figures.emplace_back("path_mean", edges.empty() ? std::nullopt : Figure(path));
    out.figures.emplace_back("diameter_at_least", static_cast<double>(sim::diameter_at_least(graph)));
    add_losses(out, graph, rng);
    out.figures.emplace_back("sends_per_broadcast", sends);
    out.figures.emplace_back("copies_per_delivery", sends / (peers - 1));
    return out;
}

Overlays measure_all(const Request& request, const OverlayStrategy* strategy) {
    Overlays all;
    for (std::uint32_t run = 0; run < request.runs; ++run) {
        const Overlay one = measure(request, strategy, run_seed(request.seed, run));
        all.samples.resize(one.figures.size());
        for (std::size_t i = 0; i < one.figures.size(); ++i) {
            const auto& [name, value] = one.figures[i];
            if (run == 0) all.names.push_back(name);
            if (value) all.samples[i].push_back(*value);
        }
        all.preferential.insert(all.preferential.end(), one.preferential.begin(), one.preferential.end());
        all.total.insert(all.total.end(), one.total.begin(), one.total.end());
    }
    return all;
}

// ---------------------------------------------------------------- showing

std::string name_of(const OverlayStrategy* strategy) { return std::string(strategy->name()); }

// The mean over the graphs; people see its interval and how many graphs had the figure, where not all had.
Cell mean_cell(const std::vector<double>& samples, std::uint32_t runs) {
    const Spread s = spread_of(samples);
    if (!s.mean) return figure_cell("");
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.9g", *s.mean);  // programs get every digit
    Cell cell{digits, figure_text(*s.mean)};
    if (runs == 1) return cell;
    cell.shown += (s.half_width ? " ± " + figure_text(*s.half_width) : "");
    if (s.n < runs) cell.shown += " (" + std::to_string(s.n) + " of " + std::to_string(runs) + ")";
    return cell;
}

// People compare across; programs take a row a strategy.
Table table_of(const Request& request, const std::vector<Overlays>& overlays, TableFormat format) {
    const bool across = format == TableFormat::table;
    const std::vector<std::string>& names = overlays.front().names;
    std::vector<Column> columns{{across ? "figure" : "overlay"}};
    for (const OverlayStrategy* s : across ? request.overlays : std::vector<const OverlayStrategy*>{}) {
        columns.push_back({name_of(s), true});
    }
    for (const std::string& name : across ? std::vector<std::string>{} : names) columns.push_back({name, true});
    Table table(columns);
    const std::size_t rows = across ? names.size() : overlays.size();
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<Cell> cells{{across ? names[row] : name_of(request.overlays[row])}};
        for (std::size_t i = 0; i < (across ? overlays.size() : names.size()); ++i) {
            cells.push_back(mean_cell(across ? overlays[i].samples[row] : overlays[row].samples[i], request.runs));
        }
        table.add(std::move(cells));
    }
    return table;
}

std::string csv_of(const Request& request, const std::vector<Overlays>& overlays) {
    const Provenance& from = provenance();
    std::string out = csv_line({"overlay", "links", "degree", "peers", "version", "commit", "compiler"});
    for (std::size_t i = 0; i < overlays.size(); ++i) {
        for (const auto& [kind, degrees] :
             {std::pair{"preferential", &overlays[i].preferential}, {"all", &overlays[i].total}}) {
            std::map<std::uint32_t, std::size_t> counts;
            for (const std::uint32_t d : *degrees) ++counts[d];
            for (const auto& [degree, peers] : counts) {
                out += csv_line({name_of(request.overlays[i]), kind, std::to_string(degree), std::to_string(peers),
                                 from.version, from.commit, from.compiler});
            }
        }
    }
    return out;
}

std::optional<std::string> write_files(const Request& request, const std::vector<Overlays>& overlays) {
    if (!request.csv.empty()) {
        if (auto problem = replace_file(request.csv, csv_of(request, overlays)); !problem.empty()) return problem;
    }
    if (request.plot.empty()) return std::nullopt;
    std::vector<DegreeSeries> series;
    for (std::size_t i = 0; i < overlays.size(); ++i) {
        series.push_back({name_of(request.overlays[i]), overlays[i].preferential});
    }
    const std::filesystem::path path(request.plot);
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    return draw(folder, degree_plot(series, path.stem().string()));
}

std::string usage_of() {
    std::string out =
        "Examples:\n"
        "  gossipctl topology --peers 10000                    strategies side by side\n"
        "  gossipctl topology --overlay pa-ring,pa --runs 5 --plot degrees.svg --csv degrees.csv\n"
        "  gossipctl topology --overlay zipf --alpha 0.67 -o json\n"
        "  gossipctl topology --overlay file:karate.gml,pa      a graph of your own beside one of as many peers\n"
        "\n"
        "Grows the overlay that peers joining one after another build by the protocol's own rule, and measures it: "
        "the\n"
        "law of the degrees (gamma of those that peers chose, gamma_total with the ring's; maximum likelihood, KS\n"
        "distance and p after Clauset, Shalizi and Newman 2009: below p = 0.1 it is no power law), the share of the\n"
        "survivors that stays connected after a loss, path lengths, and what flooding one message costs (2E-(n-1)).\n"
        "\n"
        "Options:\n";
    for (const auto& [text, apply] : options) {
        out += option_line(std::string(text.name) + " " + std::string(text.value), text.help, 28);
    }
    return out + "\nOverlay strategies:\n" + overlay_table();
}

}  // namespace

int topology_command(const std::vector<std::string>& arguments) {
    const auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed))
        return complain("topology", ErrorKind::usage, *problem);
    const Request& request = std::get<Request>(parsed);
    if (request.help) {
        std::fputs(usage_of().c_str(), stdout);
        return 0;
    }
    OverlayConfig config = request.overlay;
    for (const OverlayStrategy* s : request.overlays) {
        config.strategy = s;
        if (const auto warning = s->warning(config, request.peers)) {
            std::fprintf(stderr, "note: %s\n", warning->c_str());
        }
    }
    std::vector<Overlays> overlays;
    for (const OverlayStrategy* strategy : request.overlays) overlays.push_back(measure_all(request, strategy));
    const TableFormat piped = ::isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const TableFormat format = request.format.value_or(piped);
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    std::fputs(table_of(request, overlays, format).render(format, colored).c_str(), stdout);
    if (const auto problem = write_files(request, overlays)) return complain("topology", ErrorKind::command, *problem);
    return 0;
}

}  // namespace gossip
