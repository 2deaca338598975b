/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods about targets (registries of clouds) and the CAs that are registered in them.
 */
#include "base/encode.h"
#include "station/api-private.h"
#include "station/records-registry.h"

#include <string.h>

#define ASK_SIGNER_TIME 3000 /* milliseconds */

/* ---- targets ---- */

static const ApiOption target_options[] = {
  { "kind", "s" },       { "mode", "s" },        { "account", "s" },
  { "region", "s" },     { "endpoint", "s" },    { "policy", "s" },
  { "thing-type", "s" }, { "thing-group", "s" }, { 0 },
};

/* Kind, mode, account and region are what a target is. */
static const ApiOption settings[] = {
  { "endpoint", "s" }, { "policy", "s" }, { "thing-type", "s" }, { "thing-group", "s" }, { 0 },
};

/* A text that was given takes the place of what is there. */
static void
take_text (GVariant *options, const char *key, char **text)
{
  const char *value;

  if (!g_variant_lookup (options, key, "&s", &value))
    return;
  g_free (*text);
  *text = g_strdup (value);
}

static void
take_settings (GVariant *options, Target *target)
{
  take_text (options, "endpoint", &target->endpoint);
  take_text (options, "policy", &target->policy);
  take_text (options, "thing-type", &target->thing_type);
  take_text (options, "thing-group", &target->thing_group);
}

static gboolean
read_mode (GVariant *options, TargetMode *mode, GError **error)
{
  const char *word = NULL;

  g_variant_lookup (options, "mode", "&s", &word);
  if (word != NULL && target_mode_from_word (word, mode))
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "a target needs a mode: registered-ca, sni-only, without-ca, csr or "
                       "self-signed");
  return FALSE;
}

static Target *
target_from_options (const char *name, GVariant *options, GError **error)
{
  g_autoptr (Target) target = target_new ();

  if (!api_check_options (options, target_options, "a target", error)
      || !read_mode (options, &target->mode, error))
    return NULL;
  g_free (target->name);
  target->name = g_strdup (name);
  take_text (options, "kind", &target->kind);
  take_text (options, "account", &target->account);
  take_text (options, "region", &target->region);
  take_settings (options, target);
  return g_steal_pointer (&target);
}

static gboolean
handle_add_target (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                   GVariant *options, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) target = target_from_options (name, options, &error);

  if (target == NULL
      || !ledger_add_target (station->ledger, target, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static gboolean
handle_set_target (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, const char *name,
                   GVariant *options, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) target = NULL;

  if (api_check_options (options, settings, "a target that is there", &error))
    target = ledger_target (station->ledger, name, &error);
  if (target == NULL)
    return api_refuse (invocation, error);
  take_settings (options, target);
  if (!ledger_set_target (station->ledger, target, api_actor (invocation), &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

static GVariant *
make_target (gconstpointer item)
{
  return record_target (item);
}

static gboolean
handle_list_targets (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, Station *station)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) targets = ledger_targets (station->ledger, &error);

  if (targets == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (targets, make_target));
}

static gboolean
handle_set_batch_targets (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                          const char *batch, const char *const *targets, const char *word,
                          Station *station)
{
  g_autoptr (GError) error = NULL;
  RegistrationStatus status = REGISTRATION_NONE;

  if (!registration_status_from_word (word, &status)
      || (status != REGISTRATION_ACTIVE && status != REGISTRATION_INACTIVE))
    return api_refuse_text (invocation, "Invalid",
                            "Units are registered as they pass with ACTIVE or INACTIVE.");
  if (!ledger_set_batch_targets (station->ledger, batch, targets, status, api_actor (invocation),
                                 &error))
    return api_refuse (invocation, error);
  return api_return_nothing (invocation);
}

/* ---- CAs ---- */

static const ApiOption authority_options[] = {
  { "verification", "s" }, { "code", "s" }, { "active", "b" }, { "auto-registration", "b" }, { 0 },
};

typedef struct {
  char *target;
  char *authority;
  char *code; /* NULL: the verification certificate came along, or none is wanted */
  char *verification;
  gboolean active;
  gboolean auto_registration;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->target);
  g_free (entry->authority);
  g_free (entry->code);
  g_free (entry->verification);
  g_free (entry);
}

static gboolean
is_of (const AuthorityRegistration *registration, const char *authority)
{
  return g_str_equal (registration->name, authority)
         || g_ascii_strcasecmp (registration->sha256, authority) == 0;
}

/* The CA's registration, NULL without error where it is not in the target. */
static AuthorityRegistration *
find_registration (GPtrArray *registrations, const char *authority)
{
  for (guint i = 0; i < registrations->len; i++)
    if (is_of (g_ptr_array_index (registrations, i), authority))
      return g_ptr_array_index (registrations, i);
  return NULL;
}

/* The signer is not troubled for what the ledger would refuse. */
static gboolean
check_wish_for_code (Station *station, const Entry *entry, GError **error)
{
  g_autoptr (Target) target = ledger_target (station->ledger, entry->target, error);
  g_autoptr (GPtrArray) there = NULL;

  if (target == NULL)
    return FALSE;
  if (entry->verification != NULL || target->mode != TARGET_REGISTERED_CA) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "a code is for targets of mode registered-ca, in place of a verification "
                 "certificate; target %s is of mode %s",
                 entry->target, target_mode_word (target->mode));
    return FALSE;
  }
  there = ledger_authority_registrations (station->ledger, entry->target, error);
  if (there != NULL && find_registration (there, entry->authority) != NULL) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_EXISTS, "the CA %s is registered in %s already",
                 entry->authority, entry->target);
    return FALSE;
  }
  return there != NULL;
}

/* The signer knows its CAs by name. */
static char *
name_of (Station *station, const char *authority, GError **error)
{
  g_autofree char *name = NULL;
  gboolean accepted;

  if (strlen (authority) != 64)
    return g_strdup (authority);
  if (!ledger_authority_is_accepted (station->ledger, authority, &accepted, &name, error))
    return NULL;
  return name != NULL ? g_steal_pointer (&name) : g_strdup (authority);
}

static gboolean
certify_code (ApiErrand *errand, Station *station, SignerClient *client, Entry *entry)
{
  g_autofree char *name = NULL;
  g_autoptr (GBytes) certificate = NULL;

  if (!check_wish_for_code (station, entry, &errand->error))
    return FALSE;
  name = name_of (station, entry->authority, &errand->error);
  if (name != NULL)
    certificate =
        api_certify_code (station, client, name, entry->code, errand->actor, &errand->error);
  if (certificate == NULL)
    return FALSE;
  entry->verification = pem_encode ("CERTIFICATE", g_bytes_get_data (certificate, NULL),
                                    g_bytes_get_size (certificate));
  return TRUE;
}

static GVariant *
record_entry (const AuthorityRegistration *registration, const Entry *entry)
{
  g_autoptr (GVariant) known = g_variant_ref_sink (record_authority_registration (registration));
  GVariantDict record;

  g_variant_dict_init (&record, known);
  if (entry->code != NULL)
    g_variant_dict_insert (&record, "verification", "s", entry->verification);
  return g_variant_dict_end (&record);
}

static void
work_register_authority (ApiErrand *errand, Station *station, SignerClient *client)
{
  Entry *entry = errand->details;
  g_autoptr (GPtrArray) there = NULL;
  const AuthorityRegistration *registration = NULL;

  /* a new station's ledger has heard of no CA yet; without the signer, those do that it has */
  issuer_ready (station->issuer, client, deadline_in (ASK_SIGNER_TIME), NULL);
  if (entry->code != NULL && !certify_code (errand, station, client, entry))
    return;
  const AuthorityOrder order = { .target = entry->target,
                                 .authority = entry->authority,
                                 .verification = entry->verification,
                                 .active = entry->active,
                                 .auto_registration = entry->auto_registration };
  if (ledger_register_authority (station->ledger, &order, errand->actor, &errand->error))
    there = ledger_authority_registrations (station->ledger, entry->target, &errand->error);
  if (there != NULL)
    registration = find_registration (there, entry->authority);
  if (registration != NULL)
    errand->answer = g_variant_ref_sink (record_entry (registration, entry));
  else if (errand->error == NULL)
    errand->answer = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
}

static void
tell_status (ApiErrand *errand, Station *station)
{
  station_status_changed (station);
}

static gboolean
handle_register_authority (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                           const char *target, const char *authority, GVariant *options,
                           Station *station)
{
  g_autoptr (GError) error = NULL;
  ApiErrand *errand;
  Entry *entry;

  if (!api_check_options (options, authority_options, "a CA in a target", &error))
    return api_refuse (invocation, error);
  errand = api_errand_new (invocation, work_register_authority);
  entry = g_new0 (Entry, 1);
  entry->target = g_strdup (target);
  entry->authority = g_strdup (authority);
  entry->active = TRUE;
  g_variant_lookup (options, "code", "s", &entry->code);
  g_variant_lookup (options, "verification", "s", &entry->verification);
  g_variant_lookup (options, "active", "b", &entry->active);
  g_variant_lookup (options, "auto-registration", "b", &entry->auto_registration);
  errand->details = entry;
  errand->free_details = entry_free;
  errand->finish = tell_status;
  return api_errand_run (errand, station);
}

/* "DELETED" is no status of AWS, but what becomes of it. */
static gboolean
authority_status_from_word (const char *word, RegistrationStatus *status)
{
  *status = REGISTRATION_NONE;
  return g_str_equal (word, "DELETED")
         || (registration_status_from_word (word, status)
             && (*status == REGISTRATION_ACTIVE || *status == REGISTRATION_INACTIVE));
}

static gboolean
handle_set_authority_status (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                             const char *target, const char *authority, const char *word,
                             GVariant *options, Station *station)
{
  static const ApiOption known[] = { { "auto-registration", "b" }, { 0 } };
  g_autoptr (GError) error = NULL;
  gboolean automatic = FALSE;
  RegistrationStatus status;
  int auto_registration = -1;

  if (!authority_status_from_word (word, &status))
    return api_refuse_text (invocation, "Invalid",
                            "A CA in a target is ACTIVE or INACTIVE, or DELETED from it.");
  if (!api_check_options (options, known, "a CA in a target", &error))
    return api_refuse (invocation, error);
  if (g_variant_lookup (options, "auto-registration", "b", &automatic))
    auto_registration = automatic ? 1 : 0;
  if (!ledger_change_authority (station->ledger, target, authority, status, auto_registration,
                                api_actor (invocation), &error))
    return api_refuse (invocation, error);
  station_status_changed (station);
  return api_return_nothing (invocation);
}

static GVariant *
make_authority (gconstpointer item)
{
  return record_authority_registration (item);
}

static gboolean
handle_list_authorities (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
                         Station *station)
{
  static const ApiOption known[] = { { "target", "s" }, { 0 } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) authorities = NULL;

  if (api_check_options (filter, known, "a list of CAs in targets", &error))
    authorities = ledger_authority_registrations (station->ledger,
                                                  api_filter_text (filter, "target"), &error);
  if (authorities == NULL)
    return api_refuse (invocation, error);
  return api_return (invocation, record_list (authorities, make_authority));
}

void
api_connect_targets (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-add-target", G_CALLBACK (handle_add_target), station);
  g_signal_connect (skeleton, "handle-set-target", G_CALLBACK (handle_set_target), station);
  g_signal_connect (skeleton, "handle-list-targets", G_CALLBACK (handle_list_targets), station);
  g_signal_connect (skeleton, "handle-set-batch-targets", G_CALLBACK (handle_set_batch_targets),
                    station);
  g_signal_connect (skeleton, "handle-register-authority", G_CALLBACK (handle_register_authority),
                    station);
  g_signal_connect (skeleton, "handle-set-authority-status",
                    G_CALLBACK (handle_set_authority_status), station);
  g_signal_connect (skeleton, "handle-list-authorities", G_CALLBACK (handle_list_authorities),
                    station);
}
