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

gboolean
station_check_reason (const char *reason, GError **error)
{
  const glong length = g_utf8_strlen (reason, -1);

  if (length >= 1 && length <= REASON_MOST)
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "a reason is needed, of 1 to 200 characters: say why");
  return FALSE;
}

static Certificate *
live_certificate (Station *station, const Device *device, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Certificate) live = ledger_live_certificate (station->ledger, device->id, &failure);

  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (live == NULL)
    refuse (error, LEDGER_ERROR_NOT_FOUND, device->serial,
            "has no live certificate: there is nothing to void");
  return g_steal_pointer (&live);
}

/* What is to be voided, or NULL where that can't be. */
static Certificate *
void_target (Station *station, const Device *device, const char *reason, GError **error)
{
  gboolean at_work = FALSE;

  if (!is_at_work (station, device->serial, &at_work, error)
      || !station_check_reason (reason, error))
    return NULL;
  if (!at_work)
    return live_certificate (station, device, error);
  refuse (error, LEDGER_ERROR_BUSY_DEVICE, device->serial,
          "is at work in a slot: wait until its attempt has ended");
  return NULL;
}

gboolean
station_may_void (Station *station, const char *serial, const char *reason, char **certificate,
                  GError **error)
{
  g_autoptr (Device) device = ledger_device (station->ledger, serial, error);
  g_autoptr (Certificate) live =
      device != NULL ? void_target (station, device, reason, error) : NULL;

  if (live != NULL && certificate != NULL)
    *certificate = g_strdup (live->sha256);
  return live != NULL;
}

gboolean
station_void_device (Station *station, const char *serial, const char *reason, const char *actor,
                     GError **error)
{
  g_autoptr (Device) device = ledger_device (station->ledger, serial, error);
  g_autoptr (Certificate) live =
      device != NULL ? void_target (station, device, reason, error) : NULL;

  if (live == NULL || !ledger_void_certificate (station->ledger, live->id, reason, actor, error))
    return FALSE;
  log_station (G_LOG_LEVEL_MESSAGE, "the certificate of device %s was voided by %s", serial, actor);
  if (station->listener.batch_changed != NULL && device->batch != NULL)
    station->listener.batch_changed (device->batch, station->listener.data);
  station_status_changed (station); /* a weak key less, perhaps */
  return TRUE;
}
