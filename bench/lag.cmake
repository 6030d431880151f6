add_executable(bench-lag ${CMAKE_CURRENT_LIST_DIR}/lag.c)
target_link_libraries(bench-lag PRIVATE vedette-options vedette-kafka vedette-proto)
set_target_properties(bench-lag PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
