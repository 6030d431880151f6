add_executable(idle-tls ${CMAKE_CURRENT_LIST_DIR}/idle_tls.c)
target_link_libraries(idle-tls PRIVATE vedette-options vedette-net)
