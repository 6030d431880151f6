vd_fuzz_target(score_state SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_score_state.c LINK vedette-score)
