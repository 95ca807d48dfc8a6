#pragma once
// What a process was told to ignore before it began (`nohup`, `trap '' HUP`, a background job of a script) it goes on
// to ignore.

namespace gossip {

[[nodiscard]] bool is_ignored(int signal);
// Calls `handler` on these, without restarting what they interrupt; those that are ignored stay so.
void handle_termination(void (*handler)(int));

}  // namespace gossip
