# Tests of the agent's sources; included from this folder's CMakeLists.txt.
set(here ${CMAKE_CURRENT_LIST_DIR})
vd_unit_test(tail SOURCES ${here}/test_tail.c LINK vedette-sources vedette-proto-generated)
vd_unit_test(process-message SOURCES ${here}/test_process_message.c LINK vedette-sources)
vd_unit_test(process SOURCES ${here}/test_process.c LINK vedette-sources vedette-proto-generated)
vd_unit_test(journal SOURCES ${here}/test_journal.c LINK vedette-sources vedette-proto-generated)
