# OCSF JSON.
vd_library(vedette-json
  SOURCES event_json_names.c event_json_read.c event_json_text.c event_json_write.c
  LINK vedette-base vedette-proto vedette-proto-generated
  PRIVATE_LINK PkgConfig::JANSSON Threads::Threads)
