vd_fuzz_target(finding SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_finding.c LINK vedette-score vedette-json)
