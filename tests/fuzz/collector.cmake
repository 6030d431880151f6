foreach(target owners shard_state)
  vd_fuzz_target(${target} SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_${target}.c LINK vedette-collector-parts)
endforeach()
