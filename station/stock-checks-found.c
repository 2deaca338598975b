/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is said of a finding, and what to do about it: the very command.
 */
#include "base/encode.h"
#include "station/stock-checks-private.h"

/* {device}, {target}, {ca} and {sha256} are filled in. */
static const struct {
  const char *here;
  const char *there; /* with a target */
} acts[N_CHECKS] = {
  [CHECK_DEVICE_EXPIRING] = { "keycradle campaign list", "keycradle campaign list" },
  [CHECK_CA_EXPIRING] = { "keycradle ca csr", "keycradle ca csr" },
  [CHECK_DEVICE_KEY] = { "keycradle device void {device} --reason key-compromise",
                         "keycradle registry revoke {target} {device}" },
  [CHECK_CA_KEY] = { "keycradle ca csr", "keycradle registry ca deactivate {target} {ca}" },
  [CHECK_DEVICE_SHARED] = { "keycradle device void {device} --reason key-compromise",
                            "keycradle registry deactivate {target} {device}" },
  [CHECK_CA_REVOKED] = { "keycradle ca csr", "keycradle registry ca deactivate {target} {ca}" },
  [CHECK_DEVICE_REVOKED] = { "keycradle device void {device} --reason \"revoked by its CA\"",
                             "keycradle registry revoke {target} {device}" },
  [CHECK_INTERMEDIATE_REVOKED] = { "keycradle campaign list",
                                   "keycradle registry deactivate {target} {device}" },
  [CHECK_DEVICE_AGE] = { "keycradle campaign list", "keycradle campaign list" },
};

static char *
command_for (const ChecksRun *run, const CheckFinding *finding)
{
  const gboolean there = run->order->target != NULL;
  GString *command = g_string_new (there ? acts[finding->check].there : acts[finding->check].here);

  if (there)
    g_string_replace (command, "{target}", run->order->target, 0);
  if (finding->device != NULL)
    g_string_replace (command, "{device}", finding->device, 0);
  if (finding->authority != NULL)
    g_string_replace (command, "{ca}", finding->authority, 0);
  return g_string_free (command, FALSE);
}

static void
run_find (ChecksRun *run, CheckFinding *finding)
{
  g_autofree char *next = command_for (run, finding);

  finding->next = next;
  finding->target = run->order->target;
  finding->found_at = run->order->now;
  check_finding_append (run->output->text, finding);
  run->results[finding->check].found++;
}

void
run_find_device (ChecksRun *run, Check check, const StockRow *row, const CheckReason *reason,
                 CheckFinding more)
{
  g_autofree char *sha256 = hex_encode (row->sha256, 32);
  g_autofree char *serial = hex_encode (row->serial, row->serial_length);

  more.check = check;
  more.reason = reason;
  more.sha256 = sha256;
  more.device = row->device;
  more.batch = row->batch;
  more.subject = row->subject;
  more.serial = serial;
  more.status = row->status;
  more.not_after = row->not_after;
  run_find (run, &more);
}

void
run_find_authority (ChecksRun *run, Check check, const CheckedAuthority *authority,
                    const CheckReason *reason, CheckFinding more)
{
  g_autofree char *serial = hex_encode (authority->serial.data, authority->serial.length);

  more.check = check;
  more.reason = reason;
  more.sha256 = authority->sha256;
  more.authority = authority->name;
  more.serial = serial;
  more.status = "ACTIVE";
  more.not_after = authority->not_after;
  run_find (run, &more);
}
