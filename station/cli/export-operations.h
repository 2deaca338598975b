/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle export aws-calls without a batch: what waits in a target, as calls for the aws CLI.
 */
#pragma once

#include "station/cli/cli.h"

/* Writes what is due in --target to --output, a script beside it, and then marks it as handed.
 * CLI_PARTIAL where there is no call for some of it. */
CliExit export_operations (Cli *cli, GError **error);
