#include "node/config/config_file.hpp"
#include "node/base/key_text.hpp"
#include "node/base/value_text.hpp"
#include "node/config/config_keys.hpp"
#include "node/config/seed_list_file.hpp"
#include "node/config/settings.hpp"
#include "protocol/names.hpp"
#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

using namespace gossip;
using namespace std::chrono_literals;

namespace {

class Files {
public:
    ConfigSources& sources() { return sources_; }
    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(folder_.file(name)) << text;
        return folder_.file(name);
    }
    void layer(const std::string& text) {
        sources_.files.push_back(write(std::to_string(sources_.files.size()) + ".toml", text));
    }
    LoadedConfig load() {
        auto result = load_config(sources_);
        if (const auto* error = std::get_if<std::string>(&result)) FAIL(*error);
        return std::get<LoadedConfig>(result);
    }
    // The error without the folder's name.
    std::string error() {
        const auto result = load_config(sources_);
        REQUIRE(std::holds_alternative<std::string>(result));
        std::string text = std::get<std::string>(result);
        const std::string prefix = folder_.file("");
        if (text.rfind(prefix, 0) == 0) text.erase(0, prefix.size());
        return text;
    }

private:
    TempFolder folder_;
    ConfigSources sources_;
};

std::string error_of(const std::string& toml) {
    Files files;
    files.layer(toml);
    return files.error();
}

std::string set_error(const std::string& assignment) {
    Files files;
    files.sources().overrides.push_back(assignment);
    return files.error();
}

}  // namespace

TEST_CASE("an empty file runs: three seeds from port 6000, five peers") {
    Files files;
    files.layer("");
    const LoadedConfig c = files.load();
    REQUIRE(c.config.seeds.size() == 3);
    CHECK(node_name(c.config.seeds[0]) == "127.0.0.1:6000");
    CHECK(node_name(c.config.seeds[2]) == "127.0.0.1:6002");
    CHECK(c.node.initial_peers == 5);
    CHECK(c.config.gossip.interval == 5s);
    CHECK(c.config.liveness.interval == 13s);
    CHECK(c.node.log_dir == "logs");
}

TEST_CASE("the file at the top of the project says what the built-in values are") {
    Files files;
    const std::string built_in = to_toml(files.load());
    files.sources().files.push_back(GOSSIP_SOURCE_DIR "/config.toml");
    CHECK(to_toml(files.load()) == built_in);
}

TEST_CASE("every key can be read, printed and read back") {
    Files files;
    const std::map<std::string, std::string> values{{"network.profile", "fast"},
                                                    {"network.initial_peers", "9"},
                                                    {"ports.peers", "7100-7200"},
                                                    {"gossip.interval", "250ms"},
                                                    {"gossip.first_after", "1h"},
                                                    {"gossip.max_messages", "3"},
                                                    {"gossip.mode", "auto"},
                                                    {"gossip.copies", "1"},
                                                    {"gossip.tree_above", "4096"},
                                                    {"gossip.fanout", "5"},
                                                    {"gossip.repair_interval", "90s"},
                                                    {"gossip.rate", "2"},
                                                    {"gossip.burst", "5"},
                                                    {"gossip.store", "99"},
                                                    {"overlay.strategy", "zipf"},
                                                    {"overlay.file", ""},
                                                    {"overlay.edges", "3: 0-1 1-2"},
                                                    {"overlay.links", "4"},
                                                    {"overlay.alpha", "1.25"},
                                                    {"overlay.cap", "64"},
                                                    {"overlay.floor", "1"},
                                                    {"overlay.replace", "0.25"},
                                                    {"liveness.interval", "1s"},
                                                    {"liveness.misses", "2"},
                                                    {"liveness.refute", "0s"},
                                                    {"liveness.witnesses", "2-5"},
                                                    {"liveness.probes", "1"},
                                                    {"liveness.probe_timeout", "1500us"},
                                                    {"seeds.state_dir", "/a \"b\"\\c"},
                                                    {"seeds.durable", "false"},
                                                    {"seeds.sync_interval", "3s"},
                                                    {"seeds.vote_timeout", "1s"},
                                                    {"seeds.probe_timeout", "2s"},
                                                    {"seeds.pending_after", "4s"},
                                                    {"seeds.lease", "2m"},
                                                    {"log.dir", "l\tg"},
                                                    {"log.level", "debug"},
                                                    {"log.profile", "per-node"},
                                                    {"log.runs", "kept/runs"},
                                                    {"log.run_megabytes", "7"},
                                                    {"web.listen", "127.0.0.1:9000"},
                                                    {"web.enabled", "false"},
                                                    {"security.tls", "off"},
                                                    {"security.join_token", "s3cret"}};
    const std::string built_in = to_toml(files.load());
    for (const ConfigKey& key : config_keys()) {
        REQUIRE_MESSAGE(values.count(std::string(key.name)) == 1, key.name);
        files.sources().overrides.push_back(std::string(key.name) + "=" + values.at(std::string(key.name)));
    }
    const LoadedConfig c = files.load();
    CHECK(c.config.gossip.first_after == 1h);
    CHECK(c.config.overlay.replace_per_million == 250'000);
    CHECK(c.config.liveness.witnesses_min == 2);
    CHECK(c.config.liveness.witnesses_max == 5);
    CHECK(c.config.liveness.probe_timeout == 1500us);
    CHECK(c.config.overlay.strategy == find_overlay("zipf"));
    CHECK_FALSE(c.config.seed.durable);
    CHECK(c.node.peer_ports.first == 7100);
    CHECK(c.node.state_dir == "/a \"b\"\\c");
    CHECK(c.node.log_level == LogLevel::debug);

    Files again;
    again.layer(to_toml(c));
    CHECK(to_toml(again.load()) == to_toml(c));
    CHECK(to_toml(c) != built_in);
}

TEST_CASE("later layers win: files, then variables, then --set") {
    Files files;
    files.layer("[gossip]\ninterval = \"1s\"\nmax_messages = 1\nburst = 1\n[log]\ndir = 'a'");
    files.layer("[gossip]\ninterval = \"2s\"\nmax_messages = 2\nburst = 2");
    files.sources().environment = {
        {"GOSSIPCTL_GOSSIP_MAX_MESSAGES", "3"}, {"GOSSIPCTL_GOSSIP_BURST", "3"}, {"GOSSIPCTL_COLOR", "never"}};
    files.sources().overrides = {"gossip.burst=4", "gossip.burst=5"};
    const LoadedConfig c = files.load();
    CHECK(c.node.log_dir == "a");
    CHECK(c.config.gossip.interval == 2s);
    CHECK(c.config.gossip.max_messages == 3);
    CHECK(c.config.gossip.origin_burst == 5);
}

TEST_CASE("no two keys share a variable") {
    std::set<std::string> names;
    for (const ConfigKey& key : config_keys()) CHECK(names.insert(environment_name(key.name)).second);
}

TEST_CASE("a profile is where the timers start from, wherever it was said") {
    Files files;
    files.layer("[liveness]\nmisses = 7");
    files.sources().overrides = {"network.profile=doc000"};
    const LoadedConfig c = files.load();
    CHECK(c.config.liveness.interval == 3s);
    CHECK(c.config.liveness.misses == 7);
    CHECK(c.node.profile == "doc000");
}

TEST_CASE("classic is the built-in profile") {
    Config profiled;
    REQUIRE(apply_profile(profiled, "classic"));
    const Config built_in;
    CHECK(profiled.liveness.interval == built_in.liveness.interval);
    CHECK(profiled.liveness.misses == built_in.liveness.misses);
    CHECK(profiled.liveness.refute == built_in.liveness.refute);
    CHECK(profiled.gossip.first_after == built_in.gossip.first_after);
    CHECK_FALSE(apply_profile(profiled, "nothing"));
}

TEST_CASE("seeds come from the last layer that names any") {
    Files files;
    files.layer("[[seed]]\nip = '10.0.0.1'\nport = 6000\n[[seed]]\nip = '10.0.0.2'\nport = 6001");
    CHECK(files.load().config.seeds.size() == 2);
    files.sources().environment = {{"GOSSIPCTL_SEED", "10.0.0.3:1,10.0.0.4:2,10.0.0.5:3"}};
    CHECK(files.load().config.seeds.size() == 3);
    files.sources().overrides = {"seed=10.0.0.6:6000"};
    CHECK(node_name(files.load().config.seeds.at(0)) == "10.0.0.6:6000");
    files.sources().seeds_file = files.write("config.csv", "10.0.0.7,6000\n");
    CHECK(node_name(files.load().config.seeds.at(0)) == "10.0.0.7:6000");
}

TEST_CASE("hosts") {
    Files files;
    files.layer(
        "[[host]]\nname = 'h1'\nssh = 'me@h1'\naddr = '10.0.0.11'\npeers = 50\nbinary = '/opt/gossipctl'\n"
        "[[host]]\nname = 'h2'\naddr = '127.0.0.2'\ndir = '/var/tmp/h2'\ncommand = ['ip', 'netns', 'exec', 'h2']\n"
        "[[host]]\nname = 'h3'\naddr = '127.0.0.3'\ncommand = 'exec gossipctl agent --stdio'");
    const auto loaded = files.load();
    const auto hosts = loaded.node.hosts;
    REQUIRE(hosts.size() == 3);
    CHECK(hosts[0].ssh == "me@h1");
    CHECK(hosts[0].peers == 50);
    CHECK(ip_string(hosts[0].address) == "10.0.0.11");
    CHECK(hosts[0].binary == "/opt/gossipctl");
    CHECK(hosts[1].command == std::vector<std::string>{"ip", "netns", "exec", "h2"});
    CHECK(hosts[1].dir == "/var/tmp/h2");
    CHECK(hosts[2].command == std::vector<std::string>{"/bin/sh", "-c", "exec gossipctl agent --stdio"});
    CHECK(hosts[2].place.ends_with("0.toml:12:1"));

    Files again;
    again.layer(to_toml(loaded));
    CHECK(to_toml(again.load()) == to_toml(loaded));
}

TEST_CASE("a bad [[host]] is named with its place") {
    const std::string good = "[[host]]\nname = 'h1'\nssh = 'me@h1'\naddr = '10.0.0.11'\n";
    const auto said = [](const std::string& text, const std::string& wanted) {
        const std::string error = error_of(text);
        CHECK_MESSAGE(error.find(wanted) == 0, error);
    };
    said(good + "pers = 3", "0.toml:5:1: unknown key pers in [[host]], which knows name, ssh");
    said("[[host]]\nname = 'h1'\nadr = '10.0.0.1'", "0.toml:3:1: unknown key adr in [[host]]");
    said(good + "peers = 'many'", "0.toml:5:9: peers: must be a number in 0..100000");
    said(good + "command = ['x']", "0.toml:5:11: command: takes the place of ssh");
    said(good + "dir = 3", "0.toml:5:7: dir: must be a text in quotes");
    said(good + good, "0.toml:5:1: host h1 is listed twice");
    said("[[host]]\nname = 'h1'\naddr = '10.0.0.11'", "0.toml:1:1: [[host]] needs a way there: ssh");
    said("[[host]]\nname = '../h1'\nssh = 'h'\naddr = '10.0.0.11'", "0.toml:2:8: name: must be of letters");
    said("[[host]]\nname = 'h1'\nssh = '-oProxyCommand=x'\naddr = '10.0.0.11'", "0.toml:3:7: ssh: must be");
    said("[[host]]\nname = 'h1'\nssh = 'h'\naddr = 'h1.example'", "0.toml:4:8: addr: must be the IPv4 address");
    said("[[host]]\nname = 'h1'\nssh = 'h'", "0.toml:1:1: addr: must be the IPv4 address");
    said("[[host]]\nname = 'h1'\naddr = '10.0.0.1'\ncommand = ['a', 3]", "0.toml:4:11: command: must be a line for sh");
}

TEST_CASE("an unknown key names its place and the nearest one") {
    CHECK(error_of("\n[gossip]\n  intervall = '5s'\n") ==
          "0.toml:3:3: unknown key gossip.intervall; did you mean gossip.interval?");
    CHECK(error_of("[livenes]\nmisses = 3") == "0.toml:2:1: unknown key livenes.misses; did you mean liveness.misses?");
    CHECK(error_of("interval = '5s'").find("0.toml:1:1: unknown key interval; did you mean gossip.interval?") == 0);
    CHECK(error_of("[gossip]\nzzzzqqq = 1") == "0.toml:2:1: unknown key gossip.zzzzqqq");
    CHECK(error_of("[nothing]\n") == "0.toml:1:2: unknown section [nothing]");
    CHECK(set_error("log.levle=info") == "--set log.levle=info: unknown key log.levle; did you mean log.level?");
}

TEST_CASE("the first error in the file is reported") {
    CHECK(error_of("[web]\nwrong = 1\n[gossip]\nwrong = 1") == "0.toml:2:1: unknown key web.wrong");
}

TEST_CASE("values of the wrong kind or out of range") {
    CHECK(error_of("[gossip]\ninterval = 5") ==
          "0.toml:2:1: gossip.interval: must be a duration such as \"5s\", \"100ms\" or \"2m\"");
    CHECK(error_of("[gossip]\ninterval = '5'").find("must be a duration") != std::string::npos);
    CHECK(error_of("[gossip]\ninterval = '-5s'").find("must be a duration") != std::string::npos);
    CHECK(error_of("[gossip]\nmax_messages = '10'") == "0.toml:2:1: gossip.max_messages: must be a whole number");
    CHECK(error_of("[gossip]\nmax_messages = -1") == "0.toml:2:1: gossip.max_messages: must be in 0..4294967295");
    CHECK(error_of("[gossip]\nmode = 'trees'") ==
          "0.toml:2:1: gossip.mode: must be one of \"flood\", \"tree\", \"auto\", \"push\"");
    CHECK(error_of("[gossip]\nmode = [1]").find("gossip.mode") != std::string::npos);
    CHECK(error_of("[overlay]\nstrategy = 'star'") ==
          "0.toml:2:1: overlay.strategy: must be one of \"pa-ring\", \"pa\", \"zipf\", \"random\", "
          "\"zipf-half\", \"zipf-log\", \"tophalf\", \"rank2\", \"file\"");
    CHECK(error_of("[overlay]\nalpha = 11") == "0.toml:2:1: overlay.alpha: must be in 0.0..10.0");
    CHECK(error_of("[overlay]\nalpha = nan").find("must be in") != std::string::npos);
    CHECK(error_of("[overlay]\nreplace = 2").find("probability") != std::string::npos);
    CHECK(error_of("[liveness]\nwitnesses = '7-3'").find("must be a range") != std::string::npos);
    CHECK(error_of("[ports]\npeers = '7000-70000'").find("must be a range of ports") != std::string::npos);
    CHECK(error_of("[seeds]\ndurable = 'yes'") == "0.toml:2:1: seeds.durable: must be true or false");
    CHECK(error_of("[log]\nlevel = 'loud'").find("\"debug\", \"info\", \"warning\", \"error\"") != std::string::npos);
    CHECK(error_of("[web]\nlisten = '[::1]:8080'").find("IPv6 is not supported yet") != std::string::npos);
    CHECK(error_of("[security]\ntls = 'required'").find("TLS is not available in this version") != std::string::npos);
    CHECK(set_error("gossip.interval=fast").find("--set gossip.interval=fast: gossip.interval: must be a duration") ==
          0);
    CHECK(set_error("gossip.interval") == "--set gossip.interval: must be key=value, as in --set gossip.interval=5s");
}

TEST_CASE("seeds that cannot be") {
    CHECK(error_of("[[seed]]\nip = '127.0.0.1'\nport = 6000\n[[seed]]\nip = '127.0.0.1'\nport = 6000") ==
          "0.toml:4:1: seed 127.0.0.1:6000 is listed twice");
    CHECK(error_of("[[seed]]\nip = '::1'\nport = 6000").find("IPv6 is not supported yet") != std::string::npos);
    CHECK(error_of("[[seed]]\nip = '127.0.0.1'\nport = 0").find("is not an address") != std::string::npos);
    CHECK(error_of("[[seed]]\nip = '127.0.0.1'").find("[[seed]] needs ip") != std::string::npos);
    CHECK(error_of("[[seed]]\nip = '127.0.0.1'\nport = 6000\nprot = 1") ==
          "0.toml:4:1: unknown key prot in [[seed]], which knows ip, port, key");
    CHECK(error_of("[seed]\nip = '127.0.0.1'").find("write one [[seed]] table for each") != std::string::npos);
    CHECK(set_error("seed=127.0.0.1:6000,127.0.0.1:6000") ==
          "--set seed=127.0.0.1:6000,127.0.0.1:6000: 127.0.0.1:6000 is listed twice");
}

TEST_CASE("what does not hold together names who said it") {
    Files files;
    files.layer("[overlay]\nlinks = 5");
    files.sources().overrides = {"overlay.cap=2"};
    CHECK(files.error() == "--set overlay.cap=2: overlay.cap: must not be below overlay.links");
    CHECK(error_of("[seeds]\n\nlease = '0s'").find("0.toml:3:1: seeds.lease:") == 0);
}

TEST_CASE("a file that is not TOML, or not there") {
    CHECK(error_of("[gossip\ninterval").find("0.toml:1:") == 0);
    CHECK(error_of("a = \x01").find("0.toml:1:") == 0);
    Files files;
    files.sources().files.push_back("/nonexistent/config.toml");
    CHECK(files.error() == "/nonexistent/config.toml: cannot read it: No such file or directory");
}

TEST_CASE("durations") {
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("0.5s") == 500ms);
    CHECK(parse_duration("0s") == 0s);
    for (const char* bad : {"", "s", "5", "5 s", "-5s", "5sec", "1e3s", "inf", "nans", "1001h", "99999999999999h"}) {
        CHECK_MESSAGE(!parse_duration(bad), bad);
    }
    for (const Duration d : {Duration(5s), Duration(90s), Duration(2h), Duration(1500us), Duration(7), Duration(0)}) {
        CHECK(parse_duration(duration_text(d)) == d);
    }
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(2h) == "2h");
}

TEST_CASE("the documents' lists of seeds") {
    const auto read = parse_seed_list("config.txt", "# seeds\n\n127.0.0.1:6000\r\n 127.0.0.1 , 6001 # two\nip,port");
    REQUIRE(std::holds_alternative<std::string>(read));  // a heading stands first or nowhere
    const auto seeds = parse_seed_list("config.csv", "ip,port\n127.0.0.1,6000\r\n 127.0.0.1 , 6001 # two\n\n");
    REQUIRE(std::holds_alternative<SeedList>(seeds));
    const std::vector<NodeId> two{*parse_node("127.0.0.1:6000"), *parse_node("127.0.0.1:6001")};
    CHECK(std::get<SeedList>(seeds).seeds == two);
    CHECK(std::get<SeedList>(seeds).keys == std::vector<PublicKey>(2));

    const auto error = [](const std::string& text) { return std::get<1>(parse_seed_list("config.txt", text)); };
    CHECK(error("127.0.0.1:6000\n127.0.0.1:6000") == "config.txt:2: 127.0.0.1:6000 is listed twice");
    CHECK(error("\nlocalhost:6000").find("config.txt:2: \"localhost:6000\" is not an address") == 0);
    CHECK(error("[::1]:6000").find("IPv6 is not supported yet") != std::string::npos);
    CHECK(error("127.0.0.1:6000 ed25519:12").find("config.txt:1: 'ed25519:12' is no key") == 0);
    CHECK(error("# nothing").find("holds no seed") != std::string::npos);
    CHECK(std::get<1>(read_seed_list("/nonexistent")).find("cannot read it") != std::string::npos);
}

TEST_CASE("a list of seeds keeps their keys") {
    PublicKey key;
    key.bytes.fill(0xa7);
    const SeedList list{{*parse_node("127.0.0.1:6000"), *parse_node("127.0.0.1:6001")}, {key, {}}};
    const std::string text = seed_list_text(list);
    CHECK(text == "127.0.0.1:6000 " + key_text(key) + "\n127.0.0.1:6001\n");
    for (const std::string& form : {text, "ip,port\n127.0.0.1,6000," + key_text(key) + "\n127.0.0.1,6001\n"}) {
        const auto read = parse_seed_list("seeds.txt", form);
        REQUIRE(std::holds_alternative<SeedList>(read));
        CHECK(std::get<SeedList>(read).seeds == list.seeds);
        CHECK(std::get<SeedList>(read).keys == list.keys);
    }
}
