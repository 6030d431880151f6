/* The ledger on paper: a table for people, or JSON lines. */
#ifndef VEDETTE_TOOLS_LEDGER_PRINT_H
#define VEDETTE_TOOLS_LEDGER_PRINT_H

#include <stdio.h>

#include "ledger_count.h"

/* A table of at most 100 columns, with the sum, the reasons, and whether it is whole. */
void ledger_print_table(const struct ledger *ledger, FILE *out);
/* An object an account, and one with the sum. */
void ledger_print_json(const struct ledger *ledger, FILE *out);

/* The sum over everything. */
struct ledger_account ledger_sum(const struct ledger *ledger);

#endif
