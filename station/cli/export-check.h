/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle export FORMAT --check: what the receiver would refuse, before there is a file.
 */
#pragma once

#include "station/cli/cli.h"

/* CLI_PARTIAL where anything would be left out. */
CliExit export_check (Cli *cli, GError **error);
