#include "manager/shell/remote_job.hpp"

#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>

namespace gossip {

RemoteJob::RemoteJob(Session& session, RunRequest request, Emit emit)
    : session_(session), request_(std::move(request)), emit_(std::move(emit)) {
    manner_ = {request_.interactive, request_.colored, parse_table_format(request_.format).value_or(TableFormat::table),
               request_.width};
}

void RemoteJob::fail(Failure failure, const Step* step) {
    exit_code_ = gossip::exit_code(failure.kind);
    const bool own_words = failure.kind == ErrorKind::wait || failure.kind == ErrorKind::expect;
    if (own_words && step != nullptr) failure.text = step->command().source + ": " + failure.text;
    if (step != nullptr && !step->file.empty()) failure.where = step->file + ":" + std::to_string(step->command().line);
    if (!failure.printed) {
        const Console::Redirection redirection(session_.console(), manner_, [this](bool error, std::string_view text) {
            emit_(error ? "err" : "out", text);
        });
        session_.console().error(error_word(failure.kind), failure.where, failure.text);
    }
    if (step == nullptr || !step->command().ignore_failure)
        ended_ = true;
    else
        exit_code_ = 0;
}

void RemoteJob::parse() {
    parsed_ = true;
    auto script = compile_text(parse_text(request_.text), "");
    if (auto* failure = std::get_if<Failure>(&script)) {
        failure->where.clear();
        return fail(std::move(*failure), nullptr);
    }
    put_first(std::get<CompiledScript>(script), "");
}

void RemoteJob::put_first(const CompiledScript& script, const std::string& file) {
    for (auto command = script.commands.rbegin(); command != script.commands.rend(); ++command) {
        steps_.push_front({*command, 1, file});
    }
}

bool RemoteJob::advance(std::optional<Deadline>& wake) {
    // Afterwards the first terminal, other clients and the network's events get their turn.
    constexpr auto slice = std::chrono::milliseconds(20);
    if (!parsed_) parse();
    const Deadline begin = std::chrono::steady_clock::now();
    while (!ended_) {
        if (waiting_ && still_waiting(wake)) return false;
        if (!ended_ && !run_next()) break;
        const Deadline now = std::chrono::steady_clock::now();
        if (now - begin < slice || ended_) continue;
        wake = now;
        return false;
    }
    return true;
}

// False when no step is left.
bool RemoteJob::run_next() {
    if (steps_.empty() || left_) return false;
    if (!session_.open()) return fail({ErrorKind::command, "the network is ending"}, nullptr), false;
    Step step = std::move(steps_.front());
    steps_.pop_front();
    const std::string& verb = step.command().verb();
    if (verb == "wait")
        begin_wait(std::move(step));
    else if (verb == "sleep")
        begin_sleep(std::move(step));
    else if (verb == "repeat")
        unroll(std::move(step));
    else if (verb == "source")
        include(step);
    else
        run_command(step);
    return true;
}

void RemoteJob::begin_wait(Step step) {
    auto parsed = parse_wait(step.command());  // parsed once already, so it is valid
    Waiting waiting;
    waiting.request = std::make_unique<WaitRequest>(std::get<WaitRequest>(std::move(parsed)));
    waiting.watch = std::make_unique<ConditionWatch>(session_, waiting.request->condition);
    waiting.timeout = waiting.request->timeout.value_or(session_.settings().wait_timeout);
    waiting.deadline = std::chrono::steady_clock::now() + waiting.timeout;
    waiting.step = std::move(step);
    waiting_ = std::move(waiting);
}

void RemoteJob::begin_sleep(Step step) {
    Waiting waiting;
    waiting.deadline = std::chrono::steady_clock::now() + *parse_duration(step.command().words.at(1).text);
    waiting.step = std::move(step);
    waiting_ = std::move(waiting);
}

// One round of a repeat: its body, followed by the remaining rounds.
void RemoteJob::unroll(Step step) {
    if (step.times == 1) step.times = *parse_count(step.command().words.at(1).text) + 1;
    if (--step.times == 0) return;
    const auto body = step.compiled.body;
    const std::string file = step.file;
    if (step.times > 1) steps_.push_front(std::move(step));
    put_first(*body, file);
}

void RemoteJob::include(const Step& step) {
    const std::string path = step.command().words.at(1).text;
    auto read = compile_file(path);
    if (auto* failure = std::get_if<Failure>(&read)) return fail(std::move(*failure), &step);
    constexpr std::size_t most = 100'000;  // limit of queued steps, for a file that sources itself
    const CompiledScript& script = std::get<CompiledScript>(read);
    if (steps_.size() + script.commands.size() > most) {
        return fail({ErrorKind::command, path + ": source is nested too deeply"}, &step);
    }
    put_first(script, path);
}

void RemoteJob::run_command(const Step& step) {
    const std::string& verb = step.command().verb();
    const auto follows = [](const Word& word) { return word.text == "-f" || word.text == "--follow"; };
    const bool endless = (verb == "logs" || verb == "trace") && std::ranges::any_of(step.command().words, follows);
    if (verb == "watch" || verb == "publish" || endless) {
        // These block the first terminal while they run.
        const std::string what = verb + (endless ? " -f" : "");
        return fail({ErrorKind::command, what + " runs in the network's own terminal or script only"}, &step);
    }
    session_.record_command(step.command());
    Result result;
    {
        const Session::Guest guest(session_);
        const Console::Redirection redirection(session_.console(), manner_, [this](bool error, std::string_view text) {
            emit_(error ? "err" : "out", text);
        });
        const bool was_open = session_.open();
        const auto recorded = session_.history().begin(step.command(), session_.network().now());
        result = step.compiled.action(session_);
        session_.history().end(step.command(), recorded, result.has_value(), session_.network().now());
        left_ = was_open && !session_.open();
        manner_ = redirection.manner();  // set output, set color
    }
    if (result) fail(std::move(*result), &step);
}

bool RemoteJob::still_waiting(std::optional<Deadline>& wake) {
    const bool late = std::chrono::steady_clock::now() >= waiting_->deadline;
    const bool done = waiting_->watch ? waiting_->watch->holds() : false;
    if (!done && !late && session_.open()) {
        if (!wake || waiting_->deadline < *wake) wake = waiting_->deadline;
        return true;
    }
    const Waiting over = std::move(*waiting_);
    waiting_.reset();
    if (!session_.open()) return fail({ErrorKind::command, "the network is ending"}, nullptr), false;
    if (!over.watch) return false;
    if (auto failure = over.watch->verdict(ErrorKind::wait, " after " + format_time(over.timeout))) {
        fail(std::move(*failure), &over.step);
    }
    return false;
}

}  // namespace gossip
