#include "manager/demo/stage.hpp"

#include "manager/network/sim_network.hpp"
#include "manager/shell/script_runner.hpp"

namespace gossip {
namespace {

constexpr PageRecording::Limits limits{150'000, 20'000, 0};

PageFrames::Facts facts_of(const Session& session) {
    return {[](NodeId) { return std::int64_t{0}; },
            [&session](NodeId id) { return session.network().faults().faults_of(id); }};
}

}  // namespace

Stage::Stage(const NetworkPlan& plan, std::uint32_t loss_percent, std::function<void(const NodeEvent&)> before)
    : before_(std::move(before)),
      session_(
          loop_, quiet_.console,
          [&](ManagedNetwork::Observers observers) { return make(plan, loss_percent, std::move(observers)); },
          Settings{}),
      recording_(session_.network().view(), facts_of(session_), limits) {
    session_.settings().live = false;
    analysis_.apply(RunBegan{now(), run_schema, {}, plan.seed, plan.config.seeds.size()});
    session_.set_onlooker([this](const NodeEvent* event) { apply(event); });
}

Stage::~Stage() { session_.set_onlooker({}); }

std::unique_ptr<ManagedNetwork> Stage::make(const NetworkPlan& plan, std::uint32_t loss_percent,
                                            ManagedNetwork::Observers observers) {
    SimNetworkOptions options;
    options.network.link.drop_per_million = loss_percent * 10'000;
    observers.record = [this](const RunLine& line) { analysis_.apply(line); };
    return std::make_unique<SimNetwork>(loop_, options, plan, std::move(observers));
}

void Stage::apply(const NodeEvent* event) {
    if (event == nullptr) return recording_.update(now());
    analysis_.apply(*event);
    if (before_) before_(*event);
    recording_.apply(*event);
}

RunAnalysis Stage::figures() const {
    RunAnalysis copy = analysis_;
    copy.finish();
    return copy;
}

std::string Stage::carry_out(const CompiledCommand& compiled, const std::string& name) {
    const Command& command = compiled.command;
    recording_.add("command", JsonObject().text("text", command.source), now().mono_ns);
    quiet_.errors.clear();
    const bool failed = run_script(session_, {{compiled}}, name).has_value();
    recording_.update(now());
    if (failed && quiet_.errors.empty()) quiet_.errors = command.source + " failed";
    if (failed) recording_.line(now(), '!', command.source + ": " + quiet_.errors);
    return failed ? quiet_.errors : "";
}

}  // namespace gossip
