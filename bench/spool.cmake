add_executable(bench-spool ${CMAKE_CURRENT_LIST_DIR}/spool.c)
target_link_libraries(bench-spool PRIVATE vedette-options vedette-spool)
