vd_fuzz_target(identity SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_identity.c LINK vedette-net)
