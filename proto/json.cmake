# OCSF JSON.
vd_library(vedette-json
  SOURCES event_json_names.c event_json_read.c event_json_scan.c event_json_text.c event_json_write.c
  LINK vedette-base vedette-proto-generated
  PRIVATE_LINK Threads::Threads)
