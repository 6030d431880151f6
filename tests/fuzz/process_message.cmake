vd_fuzz_target(process_message SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_process_message.c LINK vedette-sources)
