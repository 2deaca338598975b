/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See approvals.h.
 */
#include "station/approvals.h"

#include "base/encode.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"
#include "db/registry.h"
#include "station/error.h"
#include "station/roles.h"

#include <string.h>

#define SHOWN_DEVICES 5

/* ---- what an act is about, in words that stay the same as long as it does ---- */

static char *
about_void (Station *station, GVariant *parameters, GError **error)
{
  g_autofree char *certificate = NULL;
  const char *serial, *reason;

  g_variant_get (parameters, "(&s&s)", &serial, &reason);
  if (!station_may_void (station, serial, reason, &certificate, error))
    return NULL;
  return g_strdup_printf ("void device %s, certificate %s: %s", serial, certificate, reason);
}

static char *
about_re_issue (Station *station, GVariant *parameters, GError **error)
{
  g_autoptr (Device) device = NULL;
  const char *serial;

  g_variant_get (parameters, "(&s)", &serial);
  device = ledger_device (station->ledger, serial, error);
  if (device == NULL)
    return NULL;
  return g_strdup_printf ("run device %s (%s) once more, certificate %s", serial, device->state,
                          device->certificate_sha256 != NULL ? device->certificate_sha256 : "none");
}

/* Only to show what is asked for: the signer verifies it. */
static Ticket *
peek_ticket (Span der, GError **error)
{
  g_autofree char *text = statement_peek (der, error);

  return text != NULL ? ticket_parse (text, error) : NULL;
}

static char *
about_ticket (Station *station, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) bytes = g_variant_get_child_value (parameters, 0);
  gsize length;
  const guint8 *data = g_variant_get_fixed_array (bytes, &length, 1);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Ticket) ticket = peek_ticket ((Span){ data, length }, &problem);
  g_autofree char *digest = sha256_hex (data, length);

  if (ticket != NULL)
    return g_strdup_printf ("load ticket %" G_GUINT64_FORMAT
                            ": %u of profile %s in batch %s%s, SHA-256 %s",
                            ticket->number, ticket->count, ticket->profile, ticket->batch,
                            ticket->clock_reset ? ", and the clock's reset" : "", digest);
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "this is no ticket: %s",
               problem->message);
  return NULL;
}

static char *
about_ca (Station *station, GVariant *parameters, GError **error)
{
  g_autofree char *name = NULL;
  const char *fingerprint;
  gboolean accepted;

  g_variant_get (parameters, "(&s)", &fingerprint);
  if (!ledger_authority_is_accepted (station->ledger, fingerprint, &accepted, &name, error))
    return NULL;
  if (name != NULL && !accepted)
    return g_strdup_printf ("accept the CA %s, SHA-256 %s", name, fingerprint);
  g_set_error (error, LEDGER_ERROR,
               name == NULL ? LEDGER_ERROR_NOT_FOUND : LEDGER_ERROR_ALREADY_DONE,
               name == NULL ? "the signer never showed a CA with the fingerprint %s"
                            : "the CA with the fingerprint %s is accepted already",
               fingerprint);
  return NULL;
}

static char *
about_clock (Station *station, GVariant *parameters, GError **error)
{
  const char *reason;

  g_variant_get (parameters, "(&s)", &reason);
  if (!station_check_reason (reason, error))
    return NULL;
  return g_strdup_printf ("have the signer go by the clock as it is: %s", reason);
}

static char *
about_people (Station *station, GVariant *parameters, GError **error)
{
  const char *name;

  g_variant_get (parameters, "(&sb)", &name, NULL);
  return g_strdup_printf ("let %s act as supervisor", name);
}

static char *
about_devices (const char *const *devices)
{
  const guint count = g_strv_length ((char **)devices);
  g_autofree char *all = g_strjoinv ("\n", (char **)devices);
  g_autofree char *digest = sha256_hex ((const guint8 *)all, strlen (all));

  if (count <= SHOWN_DEVICES)
    return g_strjoinv (", ", (char **)devices);
  return g_strdup_printf ("%u devices, %s to %s, SHA-256 of the list %s", count, devices[0],
                          devices[count - 1], digest);
}

/* Free with g_free(). */
static char *
about_selection (Station *station, GVariant *options, GError **error)
{
  g_autofree const char **devices = NULL;
  g_autoptr (Batch) batch = NULL;
  const char *name = "";

  if (g_variant_lookup (options, "devices", "^a&s", &devices) && devices[0] != NULL)
    return about_devices (devices);
  g_variant_lookup (options, "batch", "&s", &name);
  batch = ledger_batch (station->ledger, name, error);
  return batch != NULL ? g_strdup_printf ("batch %s", name) : NULL;
}

/* The texts of `request` live as long as `options`. */
static gboolean
read_request (const char *operation, GVariant *options, RegistryRequest *request, GError **error)
{
  const char *status = NULL;

  g_variant_lookup (options, "status", "&s", &status);
  if (!registry_operation_from_word (operation, &request->operation)
      || (status != NULL && !registration_status_from_word (status, &request->status)))
  {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "the registry has no operation \"%.40s\", or no such status", operation);
    return FALSE;
  }
  g_variant_lookup (options, "account", "&s", &request->account);
  g_variant_lookup (options, "message", "&s", &request->message);
  g_variant_lookup (options, "elsewhere", "b", &request->elsewhere);
  return registry_request_check (request, error);
}

/* ", to account 123456789012, saying \"...\"". Free with g_free(). */
static char *
about_transfer (const RegistryRequest *request)
{
  g_autofree char *message =
      request->message != NULL ? g_strdup_printf (", saying \"%s\"", request->message) : NULL;

  return request->account == NULL
             ? g_strdup ("")
             : g_strdup_printf (", to account %s%s", request->account, message ? message : "");
}

/* Which of them there are is judged as it is done: a line goes on. */
static char *
about_registry (Station *station, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  g_autofree char *which = NULL;
  g_autofree char *where = NULL;
  g_autoptr (Target) target = NULL;
  RegistryRequest request = { 0 };
  const char *operation, *name;

  g_variant_get (parameters, "(&s&s@a{sv}h)", &operation, &name, &options, NULL);
  target = ledger_target (station->ledger, name, error);
  if (target == NULL || !read_request (operation, options, &request, error))
    return NULL;
  which = about_selection (station, options, error);
  if (which == NULL)
    return NULL;
  where = about_transfer (&request);
  return g_strdup_printf ("%s%s in the registry %s%s: %s", operation,
                          role_call_revokes (parameters) ? " as REVOKED" : "", name, where, which);
}

static const struct {
  const char *type; /* of the parameters */
  char *(*about) (Station *station, GVariant *parameters, GError **error);
} abouts[N_CONTROLS] = {
  [CONTROL_VOID] = { "(ss)", about_void },
  [CONTROL_RE_ISSUE] = { "(s)", about_re_issue },
  [CONTROL_TICKET] = { "(ay)", about_ticket },
  [CONTROL_CA] = { "(s)", about_ca },
  [CONTROL_CLOCK] = { "(s)", about_clock },
  [CONTROL_PEOPLE] = { "(sb)", about_people },
  [CONTROL_REGISTRY] = { "(ssa{sv}h)", about_registry },
};

static char *
describe (Station *station, Control control, GVariant *parameters, GError **error)
{
  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE (abouts[control].type)))
    return abouts[control].about (station, parameters, error);
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "the request is of another version of Keycradle: ask anew");
  return NULL;
}

/* ---- does it need two? ---- */

static gboolean
is_supervisor (const Operator *who)
{
  return g_strcmp0 (who->role, role_word (ROLE_SUPERVISOR)) == 0;
}

static void
add_person (GPtrArray *people, const char *name)
{
  for (guint i = 0; i < people->len; i++)
    if (person_is (g_ptr_array_index (people, i), name))
      return;
  g_ptr_array_add (people, (char *)name);
}

/* Letting somebody act as supervisor needs two once there are two others who could look at it, by
 * badge or by group: else one of two users gives himself a badge, and is two people. Disabled ones
 * count: else who disables all others is alone again. */
static gboolean
others_could_look (Station *station, const char *name, gboolean *could, GError **error)
{
  g_autoptr (GPtrArray) all = ledger_operators (station->ledger, error);
  g_auto (GStrv) members = role_members (station->config, ROLE_SUPERVISOR);
  g_autoptr (GPtrArray) people = g_ptr_array_new ();

  add_person (people, name);
  for (guint i = 0; all != NULL && i < all->len; i++) {
    const Operator *who = g_ptr_array_index (all, i);

    if (is_supervisor (who))
      add_person (people, who->name);
  }
  for (guint i = 0; members[i] != NULL; i++)
    add_person (people, members[i]);
  *could = people->len > 2;
  return all != NULL;
}

gboolean
approval_of_supervisor_is_needed (Station *station, const Operator *who, gboolean *needed,
                                  GError **error)
{
  *needed = FALSE;
  if (!is_supervisor (who) || (station->config->dual_control & CONTROL_BIT (CONTROL_PEOPLE)) == 0)
    return TRUE;
  return others_could_look (station, who->name, needed, error);
}

static gboolean
enabling_needs_two (Station *station, GVariant *parameters, gboolean *needed, GError **error)
{
  g_autoptr (GPtrArray) all = ledger_operators (station->ledger, error);
  gboolean enabled;
  const char *name;

  g_variant_get (parameters, "(&sb)", &name, &enabled);
  *needed = FALSE;
  for (guint i = 0; all != NULL && enabled && i < all->len; i++) {
    const Operator *who = g_ptr_array_index (all, i);

    if (g_str_equal (who->name, name) && !who->enabled)
      return approval_of_supervisor_is_needed (station, who, needed, error);
  }
  return all != NULL;
}

/* What has no way back; to look at what would be needs nobody else. */
static gboolean
change_needs_two (GVariant *parameters)
{
  static const char *const final[] = { "revoke", "transfer", "delete", NULL };
  g_autoptr (GVariant) options = NULL;
  gboolean dry_run = FALSE;
  const char *operation;

  g_variant_get (parameters, "(&s&s@a{sv}h)", &operation, NULL, &options, NULL);
  g_variant_lookup (options, "dry-run", "b", &dry_run);
  return !dry_run && (g_strv_contains (final, operation) || role_call_revokes (parameters));
}

gboolean
approval_is_needed (Station *station, const char *method, GVariant *parameters, Control *control,
                    gboolean *needed, GError **error)
{
  *needed = control_of_method (method, control)
            && (station->config->dual_control & CONTROL_BIT (*control)) != 0;
  if (*needed && *control == CONTROL_REGISTRY)
    *needed = change_needs_two (parameters);
  if (!*needed || *control != CONTROL_PEOPLE)
    return TRUE;
  return enabling_needs_two (station, parameters, needed, error);
}

/* ---- asking and granting ---- */

Approval *
approval_ask (Station *station, Control control, const char *method, GVariant *parameters,
              const char *person, const char *actor, GError **error)
{
  g_autofree char *about = describe (station, control, parameters, error);
  g_autoptr (GVariant) normal = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (about == NULL || !ledger_expire_approvals (station->ledger, error))
    return NULL;
  normal = g_variant_get_normal_form (parameters);
  bytes = g_variant_get_data_as_bytes (normal);
  const Approval request = { .control = (char *)control_word (control),
                             .method = (char *)method,
                             .type = (char *)g_variant_get_type_string (parameters),
                             .parameters = bytes,
                             .about = about,
                             .person = (char *)person,
                             .actor = (char *)actor };
  return ledger_request_approval (station->ledger, &request, error);
}

gboolean
approval_ask_for_supervisor (Station *station, const char *name, const char *person,
                             const char *actor, GError **error)
{
  g_autoptr (GVariant) parameters = g_variant_ref_sink (g_variant_new ("(sb)", name, TRUE));
  g_autoptr (Approval) kept = approval_ask (station, CONTROL_PEOPLE, "SetOperatorEnabled",
                                            parameters, person, actor, error);
  g_autofree char *text = kept != NULL ? approval_waits_text (kept, person) : NULL;

  if (kept != NULL)
    g_set_error (error, STATION_ERROR, STATION_ERROR_NEEDS_APPROVAL,
                 "%s %s is added, but may not sign in before that.", text, name);
  return FALSE;
}

/* NULL where it is not what this version makes. */
static GVariant *
unpack (const Approval *approval, Control control)
{
  g_autoptr (GVariant) parameters = NULL;

  if (!g_str_equal (approval->type, abouts[control].type))
    return NULL;
  parameters = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (approval->type), approval->parameters, FALSE));
  return g_variant_get_normal_form (parameters);
}

/* Refuses it for good: what it was about is not what it was. Always NULL. */
static GVariant *
turn_down (Station *station, const Approval *approval, const char *decider, const char *actor,
           const char *why, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, approval->id);

  if (ledger_decide_approval (station->ledger, approval->id, APPROVAL_REFUSED, decider, actor, why,
                              error))
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_ALREADY_DONE,
                 "request %s can't be granted any more, and is closed: %s", number, why);
  return NULL;
}

/* What passes by itself, or by the next try, leaves the request as it is. */
static gboolean
is_for_now (const GError *error)
{
  return g_error_matches (error, LEDGER_ERROR, LEDGER_ERROR_BUSY_DEVICE)
         || g_error_matches (error, LEDGER_ERROR, LEDGER_ERROR_STORAGE);
}

GVariant *
approval_recall (Station *station, const Approval *approval, const char *decider, const char *actor,
                 GError **error)
{
  Control control;
  g_autoptr (GVariant) parameters =
      control_of_method (approval->method, &control) ? unpack (approval, control) : NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *about = NULL;

  if (parameters == NULL)
    return turn_down (station, approval, decider, actor,
                      "it was asked of another version of Keycradle", error);
  about = describe (station, control, parameters, &failure);
  if (about == NULL && !is_for_now (failure))
    return turn_down (station, approval, decider, actor, failure->message, error);
  if (about != NULL && !g_str_equal (about, approval->about))
    return turn_down (station, approval, decider, actor, "what it is about has changed", error);
  if (about != NULL)
    return g_steal_pointer (&parameters);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

char *
approval_waits_text (const Approval *approval, const char *person)
{
  const gboolean own = person_is (approval->person, person);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, approval->id);

  return own ? g_strdup_printf (
             "Request %s waits: %s. Another supervisor grants it within 24 hours, "
             "at the screen or with `keycradle approval grant %s`.",
             number, approval->about, number)
             : g_strdup_printf (
                 "Request %s waits: %s. %s asked for it; grant it within 24 hours, at "
                 "the screen or with `keycradle approval grant %s`.",
                 number, approval->about, approval->person, number);
}
