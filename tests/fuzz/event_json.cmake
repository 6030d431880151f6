foreach(name event_json_read event_json_write)
  vd_fuzz_target(${name} SOURCE fuzz_${name}.c LINK vedette-json)
endforeach()
