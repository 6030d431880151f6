add_executable(bench-state ${CMAKE_CURRENT_LIST_DIR}/state.c)
target_link_libraries(bench-state PRIVATE vedette-options vedette-score)
