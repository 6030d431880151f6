add_executable(bench-proto ${CMAKE_CURRENT_LIST_DIR}/proto.c)
target_link_libraries(bench-proto PRIVATE vedette-options vedette-proto)
