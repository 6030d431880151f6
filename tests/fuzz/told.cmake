vd_fuzz_target(told SOURCE ${CMAKE_CURRENT_LIST_DIR}/fuzz_told.c LINK vedette-score vedette-proto vedette-base m)
set(tools ${CMAKE_SOURCE_DIR}/tools)
target_sources(fuzz-told PRIVATE
  ${tools}/chart.c ${tools}/class_names.c ${tools}/notice.c ${tools}/short_uid.c ${tools}/tail_line.c
  ${tools}/tail_text.c ${tools}/top_head.c ${tools}/top_keys.c ${tools}/top_model.c ${tools}/top_page.c
  ${tools}/why_history.c ${tools}/why_neighbours.c ${tools}/why_tell.c)
target_include_directories(fuzz-told PRIVATE ${tools})
