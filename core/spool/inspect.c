/* Reading a spool without owning it: for people. */
#include "state.h"
