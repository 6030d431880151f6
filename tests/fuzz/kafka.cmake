vd_fuzz_target(snapshot_chunk SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_snapshot_chunk.c LINK vedette-kafka)
target_include_directories(fuzz-snapshot_chunk PRIVATE ${CMAKE_SOURCE_DIR}/core/kafka) # its private header
