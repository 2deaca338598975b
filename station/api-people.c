/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about people: roles of connections, badges, operators, and what only a supervisor
 * decides about a device.
 */
#include "station/api-peer.h"
#include "station/api-private.h"
#include "station/api-tries.h"
#include "station/approvals.h"
#include "station/operators.h"

#define LONGEST_AUTHORITY 300u /* seconds */

typedef struct {
  Station *station;
  ApiTries *tries;
  GPtrArray *connections; /* of GDBusConnection */
} People;

/* A badge that is tried. */
typedef struct {
  char *badge;
  char *pin;
  guint seconds;
  gboolean own_supervisor; /* the user of the connection is a supervisor himself */
  char *user;
  Operator *found;
} Try;

static void
try_free (gpointer data)
{
  Try *one = data;

  secret_free (one->badge);
  secret_free (one->pin);
  g_free (one->user);
  operator_free (one->found);
  g_free (one);
}

static ApiPeer *
peer_of (GDBusMethodInvocation *invocation)
{
  return api_peer_of (g_dbus_method_invocation_get_connection (invocation));
}

/* `what` is the subject of a refusal's event. Takes `details` over. */
static gboolean
try_badge (People *people, GDBusMethodInvocation *invocation, const char *what, Try *details,
           void (*work) (ApiErrand *errand, Station *station, SignerClient *client),
           void (*finish) (ApiErrand *errand, Station *station))
{
  ApiErrand *errand = api_errand_new (invocation, work);

  errand->details = details;
  errand->free_details = try_free;
  errand->format = g_strdup (what);
  errand->finish = finish;
  return api_tries_add (people->tries, errand);
}

/* The ends of tries look again whether the operator is enabled: on the main loop, where people are
 * disabled, nothing can come between. */

/* ---- the operator of the line ---- */

static void
work_sign_in (ApiErrand *errand, Station *station, SignerClient *client)
{
  Try *one = errand->details;
  g_autoptr (Operator) found = operator_sign_in (station->ledger, one->badge, &errand->error);

  if (found == NULL
      || !ledger_record_event (station->ledger, errand->actor, "sign-in", found->name, NULL,
                               &errand->error))
    return;
  errand->answer = g_variant_ref_sink (record_operator (found));
  one->found = g_steal_pointer (&found);
}

static void
finish_sign_in (ApiErrand *errand, Station *station)
{
  Try *one = errand->details;

  ApiPeer *peer = peer_of (errand->invocation);

  if (!operator_check_enabled (station->ledger, one->found->name, &errand->error))
    return;
  if (g_str_equal (one->found->role, role_word (ROLE_AUDITOR))) {
    api_peer_audit (peer, one->found->name); /* who works at the line goes on doing so */
    return;
  }
  api_peer_audit (peer, NULL);
  api_peer_take_line (peer);
  station_set_operator (station, g_steal_pointer (&one->found));
}

static gboolean
handle_sign_in (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *badge,
                People *people)
{
  Try *one = g_new0 (Try, 1);

  one->badge = secret_copy (badge);
  return try_badge (people, invocation, "sign-in", one, work_sign_in, finish_sign_in);
}

static gboolean
sign_out (Station *station, const char *actor, GError **error)
{
  if (station->signed_in == NULL)
    return TRUE;
  if (!ledger_record_event (station->ledger, actor, "sign-out", station->signed_in->name, NULL,
                            error))
    return FALSE;
  station_set_operator (station, NULL);
  return TRUE;
}

/* An auditor leaves: whoever works at the line stays signed in. */
static gboolean
end_audit (Station *station, ApiPeer *peer, const char *auditor, const char *actor, GError **error)
{
  if (!ledger_record_event (station->ledger, actor, "sign-out", auditor, NULL, error))
    return FALSE;
  api_peer_audit (peer, NULL);
  return TRUE;
}

static gboolean
handle_sign_out (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, People *people)
{
  ApiPeer *peer = peer_of (invocation);
  const char *actor = api_actor (invocation);
  g_autofree char *auditor = api_peer_auditor (peer);
  g_autoptr (GError) error = NULL;
  const gboolean done = auditor != NULL ? end_audit (people->station, peer, auditor, actor, &error)
                                        : sign_out (people->station, actor, &error);

  return done ? api_return_nothing (invocation) : api_refuse (invocation, error);
}

/* ---- roles ---- */

static gboolean
handle_limit_role (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *word,
                   People *people)
{
  for (Role role = ROLE_AUDITOR; role <= ROLE_OPERATOR; role++)
    if (g_str_equal (word, role_word (role))) {
      api_peer_limit (peer_of (invocation), role);
      return api_return_nothing (invocation);
    }
  return api_refuse_text (invocation, "Invalid",
                          "a connection takes the role \"auditor\" or \"operator\", not \"%s\"",
                          word);
}

/* Where nobody has a supervisor's badge yet: the user of the connection, by himself. */
static Operator *
authorize_without_badge (const Try *one, Station *station, GError **error)
{
  Operator *who;
  gboolean supervisor;
  guint enabled;

  if (!operator_count (station->ledger, &enabled, &supervisor, error))
    return NULL;
  if (supervisor || !one->own_supervisor) {
    operator_refuse (error);
    return NULL;
  }
  who = g_new0 (Operator, 1);
  who->name = g_strdup (one->user);
  who->role = g_strdup (role_word (ROLE_SUPERVISOR));
  who->enabled = TRUE;
  return who;
}

static void
work_authorize (ApiErrand *errand, Station *station, SignerClient *client)
{
  Try *one = errand->details;
  const gboolean empty = *one->badge == '\0';
  g_autoptr (Operator) found =
      empty ? authorize_without_badge (one, station, &errand->error)
            : operator_authorize (station->ledger, one->badge, one->pin, &errand->error);
  g_autofree char *detail =
      g_strdup_printf ("for %u s%s", one->seconds, empty ? ", without a badge" : "");

  if (found == NULL
      || !ledger_record_event (station->ledger, errand->actor, "authorize", found->name, detail,
                               &errand->error))
    return;
  errand->answer = g_variant_ref_sink (record_operator (found));
  one->found = g_steal_pointer (&found);
}

static void
finish_authorize (ApiErrand *errand, Station *station)
{
  const Try *one = errand->details;

  if (*one->badge != '\0'
      && !operator_check_enabled (station->ledger, one->found->name, &errand->error))
    return;
  api_peer_authorize (peer_of (errand->invocation), one->found->name, one->seconds);
}

static gboolean
handle_authorize (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *badge,
                  const char *pin, guint seconds, People *people)
{
  const ApiPeer *peer = peer_of (invocation);
  Try *one;

  if (seconds == 0 || seconds > LONGEST_AUTHORITY)
    return api_refuse_text (invocation, "Invalid",
                            "a supervisor's role is lent for 1 to %u seconds", LONGEST_AUTHORITY);
  one = g_new0 (Try, 1);
  one->badge = secret_copy (badge);
  one->pin = secret_copy (pin);
  one->seconds = seconds;
  one->own_supervisor = api_peer_own_role (peer) == ROLE_SUPERVISOR;
  one->user = g_strdup (api_peer_user (peer));
  return try_badge (people, invocation, "authorize", one, work_authorize, finish_authorize);
}

static gboolean
handle_deauthorize (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, People *people)
{
  api_peer_deauthorize (peer_of (invocation));
  return api_return_nothing (invocation);
}

/* ---- the list of operators ---- */

typedef struct {
  Operator *who;
  char *badge;
  char *pin;
  char *person; /* who adds them */
} Addition;

static void
addition_free (gpointer data)
{
  Addition *addition = data;

  operator_free (addition->who);
  secret_free (addition->badge);
  secret_free (addition->pin);
  g_free (addition->person);
  g_free (addition);
}

static void
work_add (ApiErrand *errand, Station *station, SignerClient *client)
{
  const Addition *addition = errand->details;
  gboolean waits;

  if (!approval_of_supervisor_is_needed (station, addition->who, &waits, &errand->error))
    return;
  addition->who->enabled = !waits;
  if (operator_add (station->ledger, addition->who, addition->badge, addition->pin, errand->actor,
                    &errand->error)
      && waits)
    approval_ask_for_supervisor (station, addition->who->name, addition->person, errand->actor,
                                 &errand->error);
}

static void
finish_add (ApiErrand *errand, Station *station)
{
  station_status_changed (station);
}

static Addition *
addition_new (const char *name, GVariant *options)
{
  Addition *addition = g_new0 (Addition, 1);

  addition->who = g_new0 (Operator, 1);
  addition->who->name = g_strdup (name);
  g_variant_lookup (options, "role", "s", &addition->who->role);
  g_variant_lookup (options, "language", "s", &addition->who->language);
  g_variant_lookup (options, "badge", "s", &addition->badge);
  g_variant_lookup (options, "pin", "s", &addition->pin);
  if (addition->who->role == NULL)
    addition->who->role = g_strdup (role_word (ROLE_OPERATOR));
  return addition;
}

static gboolean
handle_add_operator (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                     GVariant *options, People *people)
{
  static const ApiOption known[] = {
    { "role", "s" }, { "badge", "s" }, { "pin", "s" }, { "language", "s" }, { 0 }
  };
  g_autoptr (GError) error = NULL;
  Addition *addition;
  ApiErrand *errand;

  if (!api_check_options (options, known, "an operator", &error))
    return api_refuse (invocation, error);
  errand = api_errand_new (invocation, work_add);
  errand->finish = finish_add;
  addition = addition_new (name, options);
  addition->person = g_strdup (api_peer_person (invocation));
  errand->details = addition;
  errand->free_details = addition_free;
  return api_errand_run (errand, people->station);
}

static GVariant *
make_operator (gconstpointer item)
{
  return record_operator (item);
}

static gboolean
handle_list_operators (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, People *people)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) operators = ledger_operators (people->station->ledger, &error);

  if (operators == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (operators, make_operator));
}

/* Whoever may no longer sign in is no longer signed in, and lends no role. */
static void
dismiss (People *people, const char *name, const char *actor)
{
  Station *station = people->station;

  for (guint i = 0; i < people->connections->len; i++)
    api_peer_forget (api_peer_of (g_ptr_array_index (people->connections, i)), name);
  if (station->signed_in != NULL && g_str_equal (station->signed_in->name, name)
      && !sign_out (station, actor, NULL))
    station_set_operator (station, NULL);
}

static gboolean
handle_set_operator_enabled (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                             const char *name, gboolean enabled, People *people)
{
  const char *actor = api_actor (invocation);
  g_autoptr (GError) error = NULL;

  if (!ledger_set_operator_enabled (people->station->ledger, name, enabled, actor, &error))
    return api_refuse (invocation, error);
  if (!enabled)
    dismiss (people, name, actor);
  station_status_changed (people->station);
  return api_return_nothing (invocation);
}

/* ---- devices ---- */

static gboolean
handle_void_device (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *serial,
                    const char *reason, People *people)
{
  g_autoptr (GError) error = NULL;

  if (!station_void_device (people->station, serial, reason, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static void
people_free (gpointer data)
{
  People *people = data;

  api_tries_free (people->tries);
  g_free (people);
}

void
api_connect_people (ApiStation1 *skeleton, Station *station, GPtrArray *connections)
{
  const struct {
    const char *signal;
    GCallback handler;
  } handlers[] = {
    { "handle-sign-in", G_CALLBACK (handle_sign_in) },
    { "handle-sign-out", G_CALLBACK (handle_sign_out) },
    { "handle-limit-role", G_CALLBACK (handle_limit_role) },
    { "handle-authorize", G_CALLBACK (handle_authorize) },
    { "handle-deauthorize", G_CALLBACK (handle_deauthorize) },
    { "handle-add-operator", G_CALLBACK (handle_add_operator) },
    { "handle-list-operators", G_CALLBACK (handle_list_operators) },
    { "handle-set-operator-enabled", G_CALLBACK (handle_set_operator_enabled) },
    { "handle-void-device", G_CALLBACK (handle_void_device) },
  };
  People *people = g_new0 (People, 1);

  people->station = station;
  people->connections = connections;
  people->tries = api_tries_new (station);
  g_object_set_data_full (G_OBJECT (skeleton), "people", people, people_free);
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect (skeleton, handlers[i].signal, handlers[i].handler, people);
}
