/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about devices that come back: the lists of their batches, and what ends when.
 */
#include "db/renewal.h"
#include "station/api-private.h"
#include "station/records-renewal.h"

#define DAY 86400
#define MOST_DAYS 36500u

static gboolean
handle_add_batch_units (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *batch,
                        const char *const *devices, Station *station)
{
  g_autoptr (GError) error = NULL;
  guint added;

  if (!ledger_add_batch_units (station->ledger, batch, devices, api_actor (invocation), &added,
                               &error))
    return api_refuse (invocation, error);
  if (station->listener.batch_changed != NULL)
    station->listener.batch_changed (batch, station->listener.data);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", added));
  return TRUE;
}

static gboolean
check_unit_state (const char *state, GError **error)
{
  if (state == NULL || g_str_equal (state, "done") || g_str_equal (state, "failed")
      || g_str_equal (state, "left"))
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "a unit of a list is done, failed or left, not \"%s\"", state);
  return FALSE;
}

static GVariant *
make_unit (gconstpointer item)
{
  return record_batch_unit (item);
}

static gboolean
handle_list_batch_units (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                         const char *batch, GVariant *filter, Station *station)
{
  static const ApiOption known[] = { { "state", "s" }, { "limit", "u" }, { "marker", "s" }, { 0 } };
  const char *state = api_filter_text (filter, "state");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) units = NULL;
  g_autofree char *next = NULL;
  guint most;

  if (api_check_options (filter, known, "a list of units", &error)
      && api_page_size (filter, &most, &error) && check_unit_state (state, &error))
    units = ledger_batch_units (station->ledger, batch, state, most,
                                api_filter_text (filter, "marker"), &next, &error);
  if (units == NULL)
    return api_refuse (invocation, error);
  return api_return_page (invocation, record_list (units, make_unit), next);
}

/* ---- what ends ---- */

static gboolean
read_filter (GVariant *filter, EndingFilter *wanted, GError **error)
{
  static const ApiOption known[] = { { "what", "s" },  { "within", "u" }, { "target", "s" },
                                     { "limit", "u" }, { "marker", "s" }, { 0 } };
  const char *what = api_filter_text (filter, "what");
  guint days = 0;

  if (!api_check_options (filter, known, "a list of what ends", error))
    return FALSE;
  g_variant_lookup (filter, "within", "u", &days);
  if (days < 1 || days > MOST_DAYS) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "what ends is listed within 1 to %u days", MOST_DAYS);
    return FALSE;
  }
  wanted->before = g_get_real_time () / G_USEC_PER_SEC + (gint64)days * DAY;
  wanted->target = api_filter_text (filter, "target");
  if (ending_from_word (what, &wanted->what))
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "what ends is a certificate, a ca or a root");
  return FALSE;
}

static GVariant *
page_of (const GPtrArray *endings, EndingWhat what)
{
  GVariantBuilder page;

  g_variant_builder_init (&page, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < endings->len; i++)
    g_variant_builder_add_value (&page, record_ending (g_ptr_array_index (endings, i), what));
  return g_variant_builder_end (&page);
}

static gboolean
handle_list_ending (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                    Station *station)
{
  EndingFilter wanted = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) endings = NULL;
  g_autofree char *next = NULL;
  guint most;

  if (read_filter (filter, &wanted, &error) && api_page_size (filter, &most, &error))
    endings = ledger_ending (station->ledger, &wanted, most, api_filter_text (filter, "marker"),
                             &next, &error);
  if (endings == NULL)
    return api_refuse (invocation, error);
  return api_return_page (invocation, page_of (endings, wanted.what), next);
}

void
api_connect_renewal (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-add-batch-units", G_CALLBACK (handle_add_batch_units),
                    station);
  g_signal_connect (skeleton, "handle-list-batch-units", G_CALLBACK (handle_list_batch_units),
                    station);
  g_signal_connect (skeleton, "handle-list-ending", G_CALLBACK (handle_list_ending), station);
}
