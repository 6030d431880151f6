foreach(target frame session batch event_view event_validate event_flatten event_reasons gap)
  vd_fuzz_target(${target} SOURCE ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${target}.c LINK vedette-proto)
endforeach()
