add_executable(bench-score ${CMAKE_CURRENT_LIST_DIR}/score.c ${CMAKE_CURRENT_LIST_DIR}/midas.c)
target_link_libraries(bench-score PRIVATE vedette-options vedette-score)
