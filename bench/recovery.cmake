add_executable(bench-recovery ${CMAKE_CURRENT_LIST_DIR}/recovery.c)
target_link_libraries(bench-recovery PRIVATE vedette-options vedette-collector-parts)
