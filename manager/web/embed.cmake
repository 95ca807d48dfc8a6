# Files as string literals of one C++ source:
#   cmake -DOUTPUT=FILE.cpp -DFILES="name=path;name=path" -P embed.cmake
# A literal is cut every so often: compilers limit its length.
set(piece 12000)
set(source "#include \"manager/base/web_assets.hpp\"\n\nnamespace gossip {\nnamespace {\n\nconstexpr std::array assets{\n")
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([^=]*)=(.*)$" unused "${entry}")
  set(name "${CMAKE_MATCH_1}")
  set(path "${CMAKE_MATCH_2}")
  file(READ "${path}" text HEX)
  string(LENGTH "${text}" digits)
  string(APPEND source "    std::pair<std::string_view, std::string_view>{\"${name}\", {\n")
  set(at 0)
  while(at LESS digits)
    string(SUBSTRING "${text}" ${at} ${piece} part)
    string(REGEX REPLACE "(..)" "\\\\x\\1" part "${part}")
    string(APPEND source "        \"${part}\"\n")
    math(EXPR at "${at} + ${piece}")
  endwhile()
  math(EXPR size "${digits} / 2")
  string(APPEND source "        , ${size}}},\n")
endforeach()
string(APPEND source "};\n\n}  // namespace\n\nstd::optional<std::string_view> web_asset(std::string_view name) {\n"
  "    for (const auto& [known, text] : assets) {\n        if (known == name) return text;\n    }\n"
  "    return std::nullopt;\n}\n\n}  // namespace gossip\n")
file(WRITE "${OUTPUT}" "${source}")
