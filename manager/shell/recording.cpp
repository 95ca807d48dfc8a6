#include "manager/shell/recording.hpp"

#include "manager/base/version.hpp"

namespace gossip {

Result begin_record(Session& session, const KnownScript* script) {
    const NetworkPlan& plan = session.network().plan();
    if (plan.runs_dir.empty() && plan.run_out.empty()) return std::nullopt;
    const auto failed = [&](const std::string& problem) -> Result {
        if (!plan.run_out.empty()) return Failure{ErrorKind::start, problem};
        session.console().remark("this run is not recorded: " + problem);
        return std::nullopt;
    };
    auto folder = RunFolder::create({plan.runs_dir, plan.run_out, plan.toml, plan.seed, plan.config.seeds.size(),
                                     plan.initial_peers, version_number()});
    if (const auto* problem = std::get_if<std::string>(&folder)) return failed(*problem);
    auto recorder = RunRecorder::open(std::get<RunFolder>(std::move(folder)), plan.run_limit,
                                      [&session](const std::string& text) { session.console().remark(text); });
    if (const auto* problem = std::get_if<std::string>(&recorder)) return failed(*problem);
    session.network().set_home(std::get<std::unique_ptr<RunRecorder>>(recorder)->folder().path());
    session.record_to(std::get<std::unique_ptr<RunRecorder>>(std::move(recorder)));
    if (script != nullptr) session.recorder()->folder().write_script(script->text);
    return std::nullopt;
}

}  // namespace gossip
