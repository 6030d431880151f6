add_executable(bench-producer ${CMAKE_CURRENT_SOURCE_DIR}/producer.c)
target_link_libraries(bench-producer PRIVATE vedette-options PkgConfig::RDKAFKA)
set_target_properties(bench-producer PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(JEMALLOC_FOUND) # as the collector
  target_link_libraries(bench-producer PRIVATE ${JEMALLOC_KEPT})
endif()
