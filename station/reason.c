/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One sentence an error. Each says what to do with the unit, or whom to call, in words that
 * need no knowledge of certificates. The switches have no default, so that the compiler asks
 * for a sentence for each new error.
 */
#include "station/reason.h"

#include "base/text.h"
#include "ca/error.h"
#include "db/ledger.h"
#include "drivers/driver.h"
#include "station/error.h"

G_DEFINE_QUARK (keycradle - station - error, station_error)

#define CALL_ENGINEER                                                                              \
  N_ ("The station has a fault. Leave the unit in the slot and call the engineer.")

const char *
station_error_word (StationError code)
{
  switch (code) {
  case STATION_ERROR_OTHER_KEY:
    return "other-key-kind";
  case STATION_ERROR_WRONG_CERT:
    return "wrong-certificate";
  case STATION_ERROR_SERVER_ROOTS:
    return "server-roots";
  case STATION_ERROR_OLD_SIGNER_LOG:
    return "old-signer-log";
  case STATION_ERROR_OTHER_SIGNER:
    return "signer-chain";
  case STATION_ERROR_CONFIG:
    return "config";
  case STATION_ERROR_NO_SLOT:
    return "no-slot";
  case STATION_ERROR_SLOT:
    return "slot";
  case STATION_ERROR_REFUSED:
    return "device-refused";
  case STATION_ERROR_NEEDS_APPROVAL:
    return "needs-approval";
  case STATION_ERROR_CA_NOT_ACCEPTED:
    return "ca-not-accepted";
  }
  return "internal";
}

static const char *
station_text (StationError code)
{
  switch (code) {
  case STATION_ERROR_OTHER_KEY:
    return N_ (
        "This unit made another kind of key than was asked for. Put it with the rejected ones.");
  case STATION_ERROR_WRONG_CERT:
  case STATION_ERROR_NO_SLOT:
  case STATION_ERROR_SLOT:
  case STATION_ERROR_NEEDS_APPROVAL:
    return CALL_ENGINEER;
  case STATION_ERROR_CA_NOT_ACCEPTED:
    return N_ ("The station has a new certificate authority that nobody has accepted yet. Call the "
               "supervisor; the unit is fine.");
  case STATION_ERROR_SERVER_ROOTS:
    return N_ ("The server certificates for this product are missing on the station. Call the "
               "engineer; the unit is fine.");
  case STATION_ERROR_OLD_SIGNER_LOG:
    return N_ (
        "The record of issued certificates is older than the station's own. Stop the line and "
        "call the supervisor.");
  case STATION_ERROR_OTHER_SIGNER:
    return N_ (
        "The station's certificate authority is not set up correctly. Call the engineer; the "
        "unit is fine.");
  case STATION_ERROR_REFUSED:
    return N_ (
        "This unit is not what belongs here, or shows the station more than it should. Take it "
        "out and give it to the engineer.");
  case STATION_ERROR_CONFIG:
    return N_ ("The station's configuration is wrong. Call the engineer; the unit is fine.");
  }
  return CALL_ENGINEER;
}

static const char *
driver_text (DriverError code)
{
  switch (code) {
  case DRIVER_ERROR_UNPLUGGED:
    return N_ ("The unit was unplugged too early. Put it in again and leave it in until the slot "
               "shows the result.");
  case DRIVER_ERROR_PORT:
    return N_ ("The slot's port can't be used. Check the cable; if it happens again, call the "
               "engineer.");
  case DRIVER_ERROR_NO_ANSWER:
    return N_ ("The unit does not answer. Check that it has power and sits firmly, then put it in "
               "again; if it fails again, put it with the rejected ones.");
  case DRIVER_ERROR_GARBLED:
    return N_ (
        "The unit sent an answer that makes no sense. Check the contacts and try it once more; "
        "if it fails again, put it with the rejected ones.");
  case DRIVER_ERROR_FLOOD:
    return N_ ("The unit sends without end. Put it with the rejected ones.");
  case DRIVER_ERROR_REFUSED:
    return N_ (
        "The unit refused a step. It may be locked or set up already: put it with the rejected "
        "ones.");
  case DRIVER_ERROR_UNSUPPORTED:
    return N_ (
        "This unit can't do what this batch needs. Check that it is the right product; if it "
        "is, call the engineer.");
  case DRIVER_ERROR_UNKNOWN:
    return N_ (
        "The station does not know this kind of unit. Check that it is the right product with "
        "the right firmware.");
  case DRIVER_ERROR_IDENTITY:
    return N_ (
        "This unit has no valid serial number, or it was changed for another while the station "
        "worked. Put it in again; if it fails again, put it with the rejected ones.");
  case DRIVER_ERROR_KEY_GENERATION:
    return N_ ("The unit's chip could not make a key. Put it with the rejected ones.");
  case DRIVER_ERROR_PRIVATE_KEY_LEAKED:
    return N_ ("This unit gave away its secret key. Keep it apart from all others and call the "
               "supervisor.");
  case DRIVER_ERROR_READ_BACK:
    return N_ (
        "This unit did not show the identity that it was given. Try it once more; if it fails "
        "again, put it with the rejected ones.");
  case DRIVER_ERROR_PROOF:
    return N_ (
        "This unit could not prove its identity. Try it once more; if it fails again, put it "
        "with the rejected ones.");
  case DRIVER_ERROR_ATTESTATION:
    return N_ (
        "This unit could not show that its key was made in a genuine chip. Keep it apart and call "
        "the engineer.");
  case DRIVER_ERROR_INTERNAL:
    return CALL_ENGINEER;
  }
  return CALL_ENGINEER;
}

static const char *
ledger_text (LedgerError code)
{
  switch (code) {
  case LEDGER_ERROR_STORAGE:
    return N_ (
        "The station can't save its records, so it gives out nothing. Call the engineer; the "
        "unit is fine.");
  case LEDGER_ERROR_NEWER_SCHEMA:
  case LEDGER_ERROR_CORRUPT:
    return N_ ("The station's records can't be used. Stop the line and call the engineer.");
  case LEDGER_ERROR_NOT_FOUND:
  case LEDGER_ERROR_INVALID:
  case LEDGER_ERROR_EXISTS:
    return CALL_ENGINEER;
  case LEDGER_ERROR_BATCH_STATE:
    return N_ ("The batch was stopped. Leave the unit until the batch runs again, then put it in "
               "again.");
  case LEDGER_ERROR_BATCH_FULL:
    return N_ ("The batch is complete. Put this unit back with the unfinished ones and call the "
               "supervisor for the next batch.");
  case LEDGER_ERROR_DUPLICATE_KEY:
    return N_ ("Another unit has the same key. Keep this unit apart and call the supervisor.");
  case LEDGER_ERROR_DUPLICATE_DEVICE:
    return N_ ("Another unit or another batch has this serial number already. Keep this unit apart "
               "and call the supervisor.");
  case LEDGER_ERROR_ALREADY_DONE:
    return N_ ("This unit already has its identity. Put it with the finished ones.");
  case LEDGER_ERROR_DEVICE_VOIDED:
    return N_ ("This unit's identity was taken back. Keep it apart and call the supervisor.");
  case LEDGER_ERROR_KEY_FINDING:
    return N_ (
        "This unit's key is not safe: another unit's key gives it away. Keep this unit apart "
        "and call the supervisor.");
  case LEDGER_ERROR_BUSY_DEVICE:
    return N_ (
        "Another slot is working on a unit with the same serial number. Keep both units apart "
        "and call the supervisor.");
  case LEDGER_ERROR_NOT_FINISHED:
    return N_ ("This batch is for units that were finished before, and this one was not. Put it "
               "with the unfinished ones.");
  case LEDGER_ERROR_NOT_LISTED:
    return N_ ("This unit is not among those that this batch is for. Put it back where it came "
               "from.");
  }
  return CALL_ENGINEER;
}

const char *
reason_word (const GError *error)
{
  if (error->domain == DRIVER_ERROR)
    return driver_error_word ((DriverError)error->code);
  if (error->domain == CA_ERROR)
    return ca_error_word ((CaError)error->code);
  if (error->domain == LEDGER_ERROR)
    return ledger_error_word ((LedgerError)error->code);
  if (error->domain == STATION_ERROR)
    return station_error_word ((StationError)error->code);
  return "internal";
}

const char *
reason_operator_text (const char *word)
{
  CaError ca_code;

  for (guint code = 0; code <= DRIVER_ERROR_INTERNAL; code++)
    if (g_strcmp0 (word, driver_error_word ((DriverError)code)) == 0)
      return driver_text ((DriverError)code);
  for (guint code = 0; code <= LEDGER_ERROR_INVALID; code++)
    if (g_strcmp0 (word, ledger_error_word ((LedgerError)code)) == 0)
      return ledger_text ((LedgerError)code);
  for (guint code = 0; code < N_STATION_ERRORS; code++)
    if (g_strcmp0 (word, station_error_word ((StationError)code)) == 0)
      return station_text ((StationError)code);
  if (word != NULL && ca_error_from_word (word, &ca_code))
    return ca_error_operator_text (ca_code);
  return CALL_ENGINEER;
}
