/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle: see cli.h.
 */
#include "station/cli/cli.h"

int
main (int argc, char **argv)
{
  return cli_main (argc, argv);
}
