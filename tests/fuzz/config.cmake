vd_fuzz_target(config SOURCE fuzz_config.c LINK vedette-base)
target_sources(fuzz-config PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/base/config_sample.c)
target_include_directories(fuzz-config PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit/base)
