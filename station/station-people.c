/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who works at the line, and what people decide about single devices.
 */
#include "station/error.h"
#include "station/log.h"
#include "station/station-private.h"

#define REASON_MOST 200 /* characters */

void
station_set_operator (Station *station, Operator *who)
{
  operator_free (station->signed_in);
  station->signed_in = who;
  station->site.operator_name = who != NULL ? who->name : NULL;
  station_status_changed (station);
}

void
station_status_changed (const Station *station)
{
  if (station->listener.status_changed != NULL)
    station->listener.status_changed (station->listener.data);
}

static gboolean
refuse (GError **error, LedgerError code, const char *serial, const char *why)
{
  g_set_error (error, LEDGER_ERROR, (int)code, "device %s %s", serial, why);
  return FALSE;
}

/* The last attempt is still under way: its end would overtake what was voided. */
static gboolean
is_at_work (const Station *station, const char *serial, gboolean *at_work, GError **error)
{
  g_autoptr (GPtrArray) attempts = ledger_attempts (station->ledger, NULL, serial, 1, error);
  const Attempt *last;

  if (attempts == NULL)
    return FALSE;
  last = attempts->len > 0 ? g_ptr_array_index (attempts, 0) : NULL;
  *at_work = last != NULL && last->result == ATTEMPT_RUNNING;
  return TRUE;
}

static gboolean
void_live (Station *station, const Device *device, const char *reason, const char *actor,
           GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Certificate) live = ledger_live_certificate (station->ledger, device->id, &failure);

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (live == NULL)
    return refuse (error, LEDGER_ERROR_NOT_FOUND, device->serial,
                   "has no live certificate: there is nothing to void");
  return ledger_void_certificate (station->ledger, live->id, reason, actor, error);
}

gboolean
station_void_device (Station *station, const char *serial, const char *reason, const char *actor,
                     GError **error)
{
  g_autoptr (Device) device = ledger_device (station->ledger, serial, error);
  const glong length = g_utf8_strlen (reason, -1);
  gboolean at_work = FALSE;

  if (device == NULL || !is_at_work (station, serial, &at_work, error))
    return FALSE;
  if (length == 0 || length > REASON_MOST)
    return refuse (error, LEDGER_ERROR_INVALID, serial,
                   "is voided with a reason of 1 to 200 characters: say why");
  if (at_work)
    return refuse (error, LEDGER_ERROR_BUSY_DEVICE, serial,
                   "is at work in a slot: wait until its attempt has ended");
  if (!void_live (station, device, reason, actor, error))
    return FALSE;
  log_station (G_LOG_LEVEL_MESSAGE, "the certificate of device %s was voided by %s", serial, actor);
  if (station->listener.batch_changed != NULL && device->batch != NULL)
    station->listener.batch_changed (device->batch, station->listener.data);
  station_status_changed (station); /* a weak key less, perhaps */
  return TRUE;
}
