#pragma once
// The name of an enumerator as the source spells it, at compile time. A table with a row for each value
// of an enum takes its names from here and can check that no value is without a row.

#include <string_view>

namespace gossip {

// Empty when no enumerator has this value. GCC and Clang write the template argument into the name of the
// function: "Value = gossip::NoticeKind::leaving", or "Value = (gossip::NoticeKind)99" for a value without a name.
template <auto Value>
[[nodiscard]] constexpr std::string_view enumerator_name() {
    constexpr std::string_view before = "Value = ";
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find(before) + before.size());
    text = text.substr(0, text.find_first_of(";]"));
    const bool named = text.front() != '(' && text.find("::") != std::string_view::npos;
    return named ? text.substr(text.rfind("::") + 2) : std::string_view();
}

}  // namespace gossip
