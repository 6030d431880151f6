vd_fuzz_target(spool_cursor SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_spool_cursor.c LINK vedette-base)
target_sources(fuzz-spool_cursor PRIVATE ${CMAKE_SOURCE_DIR}/tools/spool_cursor.c)
target_include_directories(fuzz-spool_cursor PRIVATE ${CMAKE_SOURCE_DIR}/tools)
