/* offline_accounts.h - `qun admin account` where no server runs: accounts.db is changed here and now. */
#ifndef OFFLINE_ACCOUNTS_H
#define OFFLINE_ACCOUNTS_H

#include <stdbool.h>

#include "command.h"
#include "options.h"

/*
 * Does what the command says and tells it as the console would. The hub hears of it when the server
 * starts (ledger.h). `password` may be NULL where none is needed. True if it was done.
 */
bool offline_account(const char *data, const struct command *command, const char *password,
                     enum language language, bool is_json);

#endif
