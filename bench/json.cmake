add_executable(bench-json ${CMAKE_CURRENT_LIST_DIR}/json.c)
target_link_libraries(bench-json PRIVATE vedette-options vedette-json)
