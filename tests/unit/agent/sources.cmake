# Tests of the agent's sources; included from this folder's CMakeLists.txt.
set(here ${CMAKE_CURRENT_LIST_DIR})
foreach(name tail tail_rotation)
  vd_unit_test(${name} SOURCES ${here}/test_${name}.c ${here}/tail_rig.c ${here}/pulled.c
    LINK vedette-sources vedette-proto-generated)
endforeach()
vd_unit_test(process-message SOURCES ${here}/test_process_message.c LINK vedette-sources)
vd_unit_test(process SOURCES ${here}/test_process.c ${here}/pulled.c LINK vedette-sources vedette-proto-generated)
vd_unit_test(journal SOURCES ${here}/test_journal.c ${here}/pulled.c LINK vedette-sources vedette-proto-generated)
