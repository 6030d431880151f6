add_executable(bench-newcomers ${CMAKE_CURRENT_LIST_DIR}/newcomers.c)
target_link_libraries(bench-newcomers PRIVATE vedette-options vedette-score)
