vd_fuzz_target(parse_line SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_parse_line.c LINK vedette-parse vedette-proto)
