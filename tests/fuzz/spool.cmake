vd_fuzz_target(spool_segment SOURCE ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_spool_segment.c LINK vedette-spool)
target_include_directories(fuzz-spool_segment PRIVATE ${CMAKE_SOURCE_DIR}/core/spool)
