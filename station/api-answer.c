/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers and refusals, the same for all methods.
 */
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include "ca/error.h"
#include "station/api-approvals.h"
#include "station/api-private.h"
#include "station/error.h"

/* Each has a thread, and most of them a snapshot of the ledger, as long as its reader takes. */
#define MOST_FILES 16u

static const char *
ledger_error_name (LedgerError code)
{
  switch (code) {
  case LEDGER_ERROR_STORAGE:
  case LEDGER_ERROR_NEWER_SCHEMA:
  case LEDGER_ERROR_CORRUPT:
    return "Storage";
  case LEDGER_ERROR_NOT_FOUND:
    return "NotFound";
  case LEDGER_ERROR_EXISTS:
  case LEDGER_ERROR_INVALID:
    return "Invalid";
  case LEDGER_ERROR_BATCH_STATE:
  case LEDGER_ERROR_BATCH_FULL:
  case LEDGER_ERROR_DUPLICATE_KEY:
  case LEDGER_ERROR_DUPLICATE_DEVICE:
  case LEDGER_ERROR_ALREADY_DONE:
  case LEDGER_ERROR_DEVICE_VOIDED:
  case LEDGER_ERROR_BUSY_DEVICE:
  case LEDGER_ERROR_KEY_FINDING:
  case LEDGER_ERROR_NOT_FINISHED:
  case LEDGER_ERROR_NOT_LISTED:
    return "State";
  }
  return "Failed";
}

static const char *
error_name (const GError *error)
{
  if (error->domain == LEDGER_ERROR)
    return ledger_error_name ((LedgerError)error->code);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return "NotPermitted";
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    return "State";
  if (g_error_matches (error, CA_ERROR, CA_ERROR_PROFILE)
      || g_error_matches (error, CA_ERROR, CA_ERROR_SUBJECT)
      || g_error_matches (error, CA_ERROR, CA_ERROR_CA_UNKNOWN))
    return "Invalid";
  if (g_error_matches (error, CA_ERROR, CA_ERROR_CLOCK)
      || g_error_matches (error, CA_ERROR, CA_ERROR_TICKET_MISSING)
      || g_error_matches (error, CA_ERROR, CA_ERROR_TICKET_USED_UP)
      || g_error_matches (error, CA_ERROR, CA_ERROR_TICKET_TIME))
    return "State";
  if (error->domain == CA_ERROR && error->code >= CA_ERROR_TICKET_FOREIGN
      && error->code <= CA_ERROR_TICKET_INVALID)
    return "Invalid";
  if (error->domain == CA_ERROR)
    return "CaUnavailable";
  if (g_error_matches (error, STATION_ERROR, STATION_ERROR_NO_SLOT))
    return "NotFound";
  if (g_error_matches (error, STATION_ERROR, STATION_ERROR_SLOT)
      || g_error_matches (error, STATION_ERROR, STATION_ERROR_CA_NOT_ACCEPTED))
    return "State";
  if (g_error_matches (error, STATION_ERROR, STATION_ERROR_NEEDS_APPROVAL))
    return "NeedsApproval";
  if (g_error_matches (error, STATION_ERROR, STATION_ERROR_CONFIG))
    return "Invalid";
  return "Failed";
}

gboolean
api_refuse (GDBusMethodInvocation *invocation, const GError *error)
{
  return api_refuse_text (invocation, error_name (error), "%s", error->message);
}

gboolean
api_refuse_text (GDBusMethodInvocation *invocation, const char *name, const char *format, ...)
{
  g_autofree char *full_name = g_strconcat (API_ERROR_PREFIX, name, NULL);
  g_autofree char *message = NULL;
  g_autofree char *of_request = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  of_request = api_approvals_failed (invocation, message);
  g_dbus_method_invocation_return_dbus_error (invocation, full_name,
                                              of_request != NULL ? of_request : message);
  return TRUE;
}

/* An option that nobody knows, or of another type, is a mistake that must not pass in silence. */
static gboolean
check_option (const ApiOption *known, const char *noun, const char *key, GVariant *value,
              GError **error)
{
  for (; known->key != NULL; known++)
    if (g_str_equal (known->key, key)
        && g_str_equal (known->type, g_variant_get_type_string (value)))
      return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "%s has no option \"%s\" of type %s; docs/api.md lists them", noun, key,
               g_variant_get_type_string (value));
  return FALSE;
}

gboolean
api_check_options (GVariant *options, const ApiOption *known, const char *noun, GError **error)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value)) {
    gboolean good = check_option (known, noun, key, value, error);

    g_variant_unref (value);
    if (!good)
      return FALSE;
  }
  return TRUE;
}

const char *
api_filter_text (GVariant *filter, const char *key)
{
  const char *text = NULL;

  g_variant_lookup (filter, key, "&s", &text);
  return text != NULL && *text != '\0' ? text : NULL;
}

guint
api_limit (GVariant *filter)
{
  guint limit = API_LIMIT_DEFAULT;

  g_variant_lookup (filter, "limit", "u", &limit);
  return CLAMP (limit, 1, API_LIMIT_MOST);
}

/* Of a request that was granted, whoever granted it gets the request's record. */
static gboolean
return_record_of_request (GDBusMethodInvocation *invocation)
{
  GVariant *record = api_approvals_done (invocation);

  if (record == NULL)
    return FALSE;
  g_dbus_method_invocation_return_value (invocation, g_variant_new_tuple (&record, 1));
  return TRUE;
}

gboolean
api_return (GDBusMethodInvocation *invocation, GVariant *value)
{
  g_autoptr (GVariant) answer = g_variant_ref_sink (g_variant_new_tuple (&value, 1));

  if (!return_record_of_request (invocation))
    g_dbus_method_invocation_return_value (invocation, answer);
  return TRUE;
}

gboolean
api_return_nothing (GDBusMethodInvocation *invocation)
{
  if (!return_record_of_request (invocation))
    g_dbus_method_invocation_return_value (invocation, NULL);
  return TRUE;
}

ApiErrand *
api_errand_new (GDBusMethodInvocation *invocation,
                void (*work) (ApiErrand *errand, Station *station, SignerClient *client))
{
  ApiErrand *errand = g_new0 (ApiErrand, 1);

  errand->invocation = invocation;
  errand->actor = g_strdup (api_actor (invocation));
  errand->work = work;
  errand->fd = -1;
  return errand;
}

static void
do_errand (Station *station, SignerClient *client, gpointer data)
{
  ApiErrand *errand = data;

  errand->work (errand, station, client);
}

gboolean
api_errand_answer (ApiErrand *errand, Station *station)
{
  if (errand->error == NULL && errand->finish != NULL)
    errand->finish (errand, station);
  if (errand->error != NULL)
    api_refuse (errand->invocation, errand->error);
  else if (errand->answer != NULL)
    api_return (errand->invocation, errand->answer);
  else
    api_return_nothing (errand->invocation);
  if (errand->free_details != NULL)
    errand->free_details (errand->details);
  if (errand->fd >= 0) {
    close (errand->fd);
    station->files--;
  }
  g_clear_pointer (&errand->answer, g_variant_unref);
  g_clear_error (&errand->error);
  g_free (errand->actor);
  g_free (errand->format);
  g_free (errand->batch);
  g_free (errand);
  return TRUE;
}

static void
answer_errand (Station *station, gpointer data)
{
  api_errand_answer (data, station);
}

gboolean
api_errand_run (ApiErrand *errand, Station *station)
{
  station_run_errand (station, do_errand, answer_errand, errand);
  return TRUE;
}

/* The descriptor that the handle of the message stands for, ours to close; -1 with error. */
static int
take_descriptor (GUnixFDList *descriptors, GVariant *handle, GError **error)
{
  const gint32 index = g_variant_get_handle (handle);

  if (descriptors != NULL && index >= 0 && index < g_unix_fd_list_get_length (descriptors))
    return g_unix_fd_list_get (descriptors, index, error);
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "the message carries no open file");
  return -1;
}

gboolean
api_errand_run_with_descriptor (ApiErrand *errand, GUnixFDList *descriptors, GVariant *handle,
                                Station *station)
{
  if (station->files >= MOST_FILES)
    g_set_error (&errand->error, G_IO_ERROR, G_IO_ERROR_BUSY,
                 "%u files are written or read already; wait until one of them is finished.",
                 MOST_FILES);
  else
    errand->fd = take_descriptor (descriptors, handle, &errand->error);
  if (errand->fd < 0)
    return api_errand_answer (errand, station);
  station->files++;
  return api_errand_run (errand, station);
}
