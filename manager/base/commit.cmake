# Names the commit that is built, for files of results: cmake -DSOURCE=… -DOUTPUT=commit.cpp -P commit.cmake
# What was changed since the commit is told apart by a hash. Rewrites the file only when it would be different.
set(commit unknown)
execute_process(COMMAND git -C ${SOURCE} rev-parse --show-prefix HEAD
  OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
# In a folder of another repository the first line is not empty.
if(NOT failed AND answer MATCHES "^\n([0-9a-f]+)$")
  set(commit ${CMAKE_MATCH_1})
  execute_process(COMMAND git -C ${SOURCE} diff HEAD OUTPUT_VARIABLE changes ERROR_QUIET)
  if(NOT changes STREQUAL "")
    string(SHA1 hash "${changes}")
    string(SUBSTRING ${hash} 0 8 hash)
    string(APPEND commit "+" ${hash})
  endif()
endif()
set(text "namespace gossip {\nextern const char* const commit_of_build;\nconst char* const commit_of_build = \"${commit}\";\n}\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
