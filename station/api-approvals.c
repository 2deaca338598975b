/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Four eyes: a call that needs two people is kept instead of run, and run with its own parameters
 * when another supervisor grants it, by the very handler that would have answered it at once.
 * A grant is on the disk before the act begins, and is for one run.
 */
#include "station/api-approvals.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>

#include "station/api-peer.h"
#include "station/api-private.h"
#include "station/approvals.h"
#include "station/log.h"

/* ---- calls that wait ---- */

static gboolean
keep_call (GDBusMethodInvocation *invocation, Station *station, Control control, GError **error)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const char *person = api_peer_person (invocation);
  g_autofree char *text = NULL;
  g_autoptr (Approval) kept =
      approval_ask (station, control, method, g_dbus_method_invocation_get_parameters (invocation),
                    person, api_peer_actor (invocation), error);

  if (kept == NULL)
    return FALSE;
  text = approval_waits_text (kept, person);
  log_station (G_LOG_LEVEL_MESSAGE,
               "%s by %s waits for a second supervisor: request %" G_GINT64_FORMAT, method, person,
               kept->id);
  api_refuse_text (invocation, "NeedsApproval", "%s", text);
  return TRUE;
}

gboolean
api_approvals_let_pass (GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GError) error = NULL;
  gboolean needed;
  Control control;

  if (!approval_is_needed (station, g_dbus_method_invocation_get_method_name (invocation),
                           g_dbus_method_invocation_get_parameters (invocation), &control, &needed,
                           &error))
    api_refuse (invocation, error);
  else if (!needed)
    return TRUE;
  else if (!keep_call (invocation, station, control, &error))
    api_refuse (invocation, error);
  else
    api_approvals_changed (station);
  return FALSE;
}

static gboolean
tell_changed (gpointer station)
{
  station_status_changed (station);
  return G_SOURCE_REMOVE;
}

void
api_approvals_changed (Station *station)
{
  g_idle_add (tell_changed, station);
}

/* ---- running what was granted ---- */

/* What a granted invocation carries, until the act has answered. */
typedef struct {
  Station *station;
  gint64 id;
} Granted;

#define GRANTED_KEY "granted"

/* "VoidDevice" → "handle-void-device", as the generated skeleton calls it. Free with g_free(). */
static char *
signal_name (const char *method)
{
  GString *name = g_string_new ("handle");

  for (; *method != '\0'; method++) {
    if (g_ascii_isupper (*method))
      g_string_append_c (name, '-');
    g_string_append_c (name, g_ascii_tolower (*method));
  }
  return g_string_free (name, FALSE);
}

static gboolean
takes_files (const GSignalQuery *query)
{
  return query->n_params > 1 && query->param_types[1] == G_TYPE_UNIX_FD_LIST;
}

static void
fill_value (GValue *value, GType type, GVariant *parameters, gsize place)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (parameters, place);

  if (type != G_TYPE_VARIANT) {
    g_dbus_gvariant_to_gvalue (child, value);
    return;
  }
  g_value_init (value, G_TYPE_VARIANT);
  g_value_set_variant (value, child);
}

/* The call's own open file went with whoever asked; what is written now goes nowhere. */
static GUnixFDList *
open_nothing (void)
{
  int nothing = open ("/dev/null", O_WRONLY | O_CLOEXEC);

  return nothing >= 0 ? g_unix_fd_list_new_from_array (&nothing, 1) : g_unix_fd_list_new ();
}

/* Skeleton, invocation, open files where the call has some, then the parameters: as the skeleton
 * does it for a call that comes in. */
static GArray *
make_values (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const GSignalQuery *query,
             GVariant *parameters)
{
  const guint count = query->n_params + 1, before = takes_files (query) ? 2 : 1;
  GArray *values = g_array_sized_new (FALSE, TRUE, sizeof (GValue), count);

  g_array_set_clear_func (values, (GDestroyNotify)g_value_unset);
  g_array_set_size (values, count);
  g_value_init (&g_array_index (values, GValue, 0), G_TYPE_OBJECT);
  g_value_set_object (&g_array_index (values, GValue, 0), skeleton);
  g_value_init (&g_array_index (values, GValue, 1), G_TYPE_DBUS_METHOD_INVOCATION);
  g_value_set_object (&g_array_index (values, GValue, 1), invocation);
  if (takes_files (query)) {
    g_value_init (&g_array_index (values, GValue, 2), G_TYPE_UNIX_FD_LIST);
    g_value_take_object (&g_array_index (values, GValue, 2), open_nothing ());
  }
  for (guint i = before; i < query->n_params; i++)
    fill_value (&g_array_index (values, GValue, i + 1), query->param_types[i], parameters,
                i - before);
  return values;
}

static void
run_call (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *method,
          GVariant *parameters)
{
  g_autofree char *name = signal_name (method);
  const guint signal = g_signal_lookup (name, API_TYPE_STATION1);
  g_autoptr (GArray) values = NULL;
  GValue handled = G_VALUE_INIT;
  GSignalQuery query = { 0 };

  if (signal != 0)
    g_signal_query (signal, &query);
  if (signal == 0
      || query.n_params != g_variant_n_children (parameters) + (takes_files (&query) ? 2 : 1))
  {
    api_refuse_text (invocation, "Failed", "%s can't be run from a request", method);
    return;
  }
  values = make_values (skeleton, invocation, &query, parameters);
  g_value_init (&handled, G_TYPE_BOOLEAN);
  g_signal_emitv ((const GValue *)(gpointer)values->data, signal, 0, &handled);
  g_value_unset (&handled);
}

/* The act was done, or not: on record before whoever granted it hears so. */
static void
conclude (const Granted *granted, const char *failure)
{
  g_autoptr (GError) error = NULL;

  if (!ledger_conclude_approval (granted->station->ledger, granted->id, failure, &error))
    log_station (G_LOG_LEVEL_WARNING, "what became of request %" G_GINT64_FORMAT ": %s",
                 granted->id, error->message);
  station_status_changed (granted->station);
}

char *
api_approvals_failed (GDBusMethodInvocation *invocation, const char *message)
{
  g_autofree Granted *granted = g_object_steal_data (G_OBJECT (invocation), GRANTED_KEY);
  g_autofree char *number = NULL;

  if (granted == NULL)
    return NULL;
  conclude (granted, message);
  number = g_strdup_printf ("%" G_GINT64_FORMAT, granted->id);
  return g_strdup_printf ("Request %s was granted, but could not be done: %s", number, message);
}

gboolean
api_approvals_is_granted (GDBusMethodInvocation *invocation)
{
  return g_object_get_data (G_OBJECT (invocation), GRANTED_KEY) != NULL;
}

GVariant *
api_approvals_done (GDBusMethodInvocation *invocation)
{
  g_autofree Granted *granted = g_object_steal_data (G_OBJECT (invocation), GRANTED_KEY);
  g_autoptr (Approval) approval = NULL;

  if (granted == NULL)
    return NULL;
  conclude (granted, NULL);
  approval = ledger_approval (granted->station->ledger, granted->id, NULL);
  return approval != NULL ? record_approval (approval) : g_variant_new ("a{sv}", NULL);
}

/* ---- methods ---- */

/* NULL where it was refused already: it is there, waits, and is another's. */
static Approval *
find_grantable (GDBusMethodInvocation *invocation, Station *station, gint64 id)
{
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  g_autoptr (GError) error = NULL;
  g_autoptr (Approval) approval = NULL;

  if (ledger_expire_approvals (station->ledger, &error))
    approval = ledger_approval (station->ledger, id, &error);
  if (approval == NULL)
    api_refuse (invocation, error);
  else if (approval->state != APPROVAL_WAITING)
    api_refuse_text (invocation, "State", "Request %s waits no more: it is %s, by %s.", number,
                     approval_state_word (approval->state), approval->decider_actor);
  else if (person_is (approval->person, api_peer_person (invocation)))
    api_refuse_text (invocation, "NotPermitted",
                     "Request %s is your own, %s: another supervisor must grant it, as another "
                     "user or with another badge.",
                     number, approval->person);
  else
    return g_steal_pointer (&approval);
  return NULL;
}

/* From here on the invocation is the act's. */
static void
mark_granted (GDBusMethodInvocation *invocation, Station *station, const Approval *approval)
{
  Granted *granted = g_new0 (Granted, 1);

  granted->station = station;
  granted->id = approval->id;
  g_object_set_data_full (G_OBJECT (invocation), GRANTED_KEY, granted, g_free);
  g_object_set_data_full (
      G_OBJECT (invocation), "actor",
      g_strdup_printf ("%s and %s", approval->actor, api_peer_actor (invocation)), g_free);
}

static gboolean
handle_grant_approval (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                       Station *station)
{
  const char *person = api_peer_person (invocation);
  const char *actor = api_peer_actor (invocation);
  g_autoptr (Approval) approval = find_grantable (invocation, station, id);
  g_autoptr (GVariant) parameters = NULL;
  g_autoptr (GError) error = NULL;

  if (approval == NULL)
    return TRUE;
  parameters = approval_recall (station, approval, person, actor, &error);
  if (parameters == NULL
      || !ledger_decide_approval (station->ledger, id, APPROVAL_GRANTED, person, actor, NULL,
                                  &error))
    return api_refuse (invocation, error);
  log_station (G_LOG_LEVEL_MESSAGE, "request %" G_GINT64_FORMAT " of %s is granted by %s: %s", id,
               approval->actor, actor, approval->about);
  mark_granted (invocation, station, approval);
  run_call (skeleton, invocation, approval->method, parameters);
  return TRUE;
}

/* Also by whoever asked: to take it back. */
static gboolean
handle_refuse_approval (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, gint64 id,
                        const char *reason, Station *station)
{
  g_autoptr (GError) error = NULL;

  if (!station_check_reason (reason, &error) || !ledger_expire_approvals (station->ledger, &error)
      || !ledger_decide_approval (station->ledger, id, APPROVAL_REFUSED,
                                  api_peer_person (invocation), api_peer_actor (invocation), reason,
                                  &error))
    return api_refuse (invocation, error);
  station_status_changed (station);
  return api_return_nothing (invocation);
}

static GVariant *
make_approval (gconstpointer item)
{
  return record_approval (item);
}

static gboolean
handle_list_approvals (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                       Station *station)
{
  gboolean waiting = FALSE;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) approvals = NULL;

  g_variant_lookup (filter, "waiting", "b", &waiting);
  if (ledger_expire_approvals (station->ledger, &error))
    approvals = ledger_approvals (station->ledger, waiting, api_limit (filter), &error);
  if (approvals == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (approvals, make_approval));
}

void
api_connect_approvals (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-grant-approval", G_CALLBACK (handle_grant_approval), station);
  g_signal_connect (skeleton, "handle-refuse-approval", G_CALLBACK (handle_refuse_approval),
                    station);
  g_signal_connect (skeleton, "handle-list-approvals", G_CALLBACK (handle_list_approvals), station);
}
