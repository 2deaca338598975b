/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completion: from the same table as everything else. `keycradle __complete WORD... LAST`
 * prints what LAST may become; batches, serials and slots are asked of the daemon,
 * briefly, and only names that a shell can't misread are offered.
 */
#include "station/cli/cli.h"

#include <string.h>

#include "base/text.h"

#define IMPATIENCE_MILLISECONDS 1000
#define SERIALS_MOST 200u

static void
add (GPtrArray *candidates, const char *prefix, const char *word)
{
  if (g_str_has_prefix (word, prefix))
    g_ptr_array_add (candidates, g_strdup (word));
}

static const CliOption *
find_option (const char *word)
{
  if (!g_str_has_prefix (word, "--"))
    return NULL;
  for (const CliOption *option = cli_options; option->name != NULL; option++)
    if (g_str_equal (option->name, word + 2))
      return option;
  return NULL;
}

/* ---- what the daemon knows ---- */

typedef gboolean (*ListCall) (ApiStation1 *api, GVariant **records);

static gboolean
list_batches (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_batches_sync (api, records, NULL, NULL);
}

static gboolean
list_profiles (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_profiles_sync (api, records, NULL, NULL);
}

static gboolean
list_devices (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'limit': <%u>}", SERIALS_MOST);

  return api_station1_call_list_devices_sync (api, filter, records, NULL, NULL);
}

static gboolean
list_attempts (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'limit': <%u>}", SERIALS_MOST);

  return api_station1_call_list_attempts_sync (api, filter, records, NULL, NULL);
}

static gboolean
list_slots (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_slots_sync (api, records, NULL, NULL);
}

static gboolean
list_operators (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_operators_sync (api, records, NULL, NULL);
}

static gboolean
list_requests (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'waiting': <true>}");

  return api_station1_call_list_approvals_sync (api, filter, records, NULL, NULL);
}

static gboolean
list_targets (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_targets_sync (api, records, NULL, NULL);
}

static gboolean
list_operations (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'limit': <%u>}", SERIALS_MOST);
  g_autofree char *next = NULL;

  return api_station1_call_list_operations_sync (api, filter, records, &next, NULL, NULL);
}

static gboolean
list_authorities (ApiStation1 *api, GVariant **records)
{
  g_autoptr (GVariant) ca = NULL;

  if (!api_station1_call_get_ca_status_sync (api, &ca, NULL, NULL))
    return FALSE;
  *records = g_variant_lookup_value (ca, "cas", G_VARIANT_TYPE ("aa{sv}"));
  return *records != NULL;
}

static gboolean
list_reports (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'limit': <%u>}", SERIALS_MOST);

  return api_station1_call_list_reports_sync (api, filter, records, NULL, NULL);
}

static gboolean
list_formats (ApiStation1 *api, GVariant **records)
{
  return api_station1_call_list_formats_sync (api, g_variant_new_parsed ("@a{sv} {}"), records,
                                              NULL, NULL);
}

static gboolean
list_exports (ApiStation1 *api, GVariant **records)
{
  GVariant *filter = g_variant_new_parsed ("{'limit': <%u>}", SERIALS_MOST);

  return api_station1_call_list_exports_sync (api, filter, records, NULL, NULL);
}

/* What a placeholder of the table stands for, and which member of which record names it. */
static const struct {
  const char *placeholder;
  ListCall list;
  const char *key;
} sources[] = {
  { "BATCH", list_batches, "name" },      { "PROFILE", list_profiles, "name" },
  { "SERIAL", list_devices, "serial" },   { "ATTEMPT", list_attempts, "id" },
  { "SLOT", list_slots, "slot" },         { "OPERATOR", list_operators, "name" },
  { "REQUEST", list_requests, "id" },     { "REPORT", list_reports, "id" },
  { "EXPORT", list_exports, "id" },       { "FORMAT", list_formats, "name" },
  { "TARGET", list_targets, "name" },     { "CA", list_authorities, "name" },
  { "OPERATION", list_operations, "id" },
};

static void
add_from_daemon (Cli *cli, GPtrArray *candidates, const char *prefix, guint source)
{
  g_autoptr (GVariant) records = NULL;

  if (cli == NULL)
    return;
  cli->impatience = IMPATIENCE_MILLISECONDS;
  if (!cli_connect (cli, NULL) || !sources[source].list (cli->api, &records))
    return;
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
    g_autoptr (GVariant) value = g_variant_lookup_value (record, sources[source].key, NULL);
    if (value == NULL)
      continue;
    g_autofree char *word = g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                                ? g_variant_dup_string (value, NULL)
                                : g_variant_print (value, FALSE);
    if (serial_is_valid (word))
      add (candidates, prefix, word);
  }
}

static void
add_values (Cli *cli, GPtrArray *candidates, const char *prefix, const char *placeholder)
{
  static const struct {
    const char *placeholder;
    const char *word;
  } fixed[] = {
    { "ROLE", "operator" },  { "ROLE", "supervisor" },
    { "ROLE", "auditor" },   { "LANGUAGE", "en" },
    { "LANGUAGE", "de" },    { "LANGUAGE", "zh_CN" },
    { "KIND", "aws" },       { "KIND", "azure-hub" },
    { "KIND", "azure-dps" }, { "KIND", "nrfcloud" },
    { "KIND", "other" },     { "MODE", "registered-ca" },
    { "MODE", "sni-only" },  { "MODE", "without-ca" },
    { "MODE", "csr" },       { "MODE", "self-signed" },
    { "STATUS", "ACTIVE" },  { "STATUS", "INACTIVE" },
    { "STATUS", "REVOKED" }, { "STATUS", "PENDING_TRANSFER" },
    { "STATE", "waiting" },  { "STATE", "handed" },
    { "STATE", "done" },     { "STATE", "refused" },
    { "STATE", "alarm" },    { "STATE", "parked" },
    { "STATE", "dropped" },  { "CHAIN", "rsa" },
    { "CHAIN", "ecdsa" },    { "CHAIN", "both" },
  };
  static const char *const file_words[] = { "FILE", "FOLDER", "PATH" };

  for (guint i = 0; i < G_N_ELEMENTS (file_words); i++)
    if (g_str_has_prefix (placeholder, file_words[i]))
      g_ptr_array_add (candidates, g_strdup (":files"));
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (g_str_equal (placeholder, fixed[i].placeholder))
      add (candidates, prefix, fixed[i].word);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (g_str_equal (placeholder, sources[i].placeholder))
      add_from_daemon (cli, candidates, prefix, i);
}

/* ---- what the table knows ---- */

static void
add_nouns (GPtrArray *candidates, const char *prefix)
{
  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    if (verb == cli_verbs || !g_str_equal (verb->noun, verb[-1].noun))
      add (candidates, prefix, verb->noun);
}

/* A word once, though several verbs begin with it. */
static void
add_once (GPtrArray *candidates, const char *prefix, const char *word)
{
  if (!g_ptr_array_find_with_equal_func (candidates, word, g_str_equal, NULL))
    add (candidates, prefix, word);
}

/* What follows `first`, the first word of the noun's verbs; NULL: that first word itself. */
static void
add_verbs (GPtrArray *candidates, const char *prefix, const char *noun, const char *first)
{
  const guint place = first != NULL ? 1 : 0;

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    g_auto (GStrv) words = g_strsplit (verb->verb != NULL ? verb->verb : "", " ", -1);
    if (g_str_equal (verb->noun, noun) && g_strv_length (words) > place
        && (first == NULL || g_str_equal (words[0], first)))
      add_once (candidates, prefix, words[place]);
  }
}

static void
add_options (GPtrArray *candidates, const char *prefix, const CliVerb *verb)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++) {
    g_autofree char *word = g_strconcat ("--", option->name, NULL);
    if (option->general || (verb != NULL && cli_verb_takes (verb, option->name)))
      add (candidates, prefix, word);
  }
}

/* "[TARGET...]" → "TARGET". Free with g_free(). */
static char *
plain_name (const char *placeholder)
{
  const char *name = *placeholder == '[' ? placeholder + 1 : placeholder;

  return g_strndup (name, strcspn (name, ".]"));
}

static void
add_arguments (Cli *cli, GPtrArray *candidates, const char *prefix, const CliVerb *verb,
               guint place)
{
  g_auto (GStrv) placeholders = g_strsplit (verb->arguments, " ", -1);
  guint n = g_strv_length (placeholders);

  if (n > 0 && place >= n && strstr (placeholders[n - 1], "...") != NULL)
    place = n - 1;
  if (place < n) {
    g_autofree char *name = plain_name (placeholders[place]);
    add_values (cli, candidates, prefix, name);
  }
}

static void
set_text (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

/* The words without options; --socket and --config are heeded on the way. */
static GPtrArray *
plain_words (Cli *cli, char **words, guint n_words)
{
  GPtrArray *plain = g_ptr_array_new ();

  for (guint i = 0; i < n_words; i++) {
    const CliOption *option = find_option (words[i]);
    if (option != NULL && option->kind != CLI_OPTION_SWITCH) {
      i++;
      if (cli == NULL || i >= n_words)
        continue;
      if (g_str_equal (option->name, "socket"))
        set_text (&cli->options.socket, words[i]);
      if (g_str_equal (option->name, "config"))
        set_text (&cli->options.config, words[i]);
    }
    else if (*words[i] != '-')
      g_ptr_array_add (plain, words[i]);
  }
  g_ptr_array_add (plain, NULL);
  return plain;
}

static void
complete_word (Cli *cli, GPtrArray *candidates, const char *last, char **plain)
{
  guint n_plain = g_strv_length (plain), n_words = 0;
  const CliVerb *verb = cli_verb_find (plain, &n_words);

  if (*last == '-')
    add_options (candidates, last, verb);
  else if (n_plain == 0)
    add_nouns (candidates, last);
  else if (g_str_equal (plain[0], "help") && n_plain == 1)
    add_nouns (candidates, last);
  else if (g_str_equal (plain[0], "help"))
    add_verbs (candidates, last, plain[1], n_plain > 2 ? plain[2] : NULL);
  else {
    if (n_plain == 1) /* "export" goes on with "list" or with a format */
      add_verbs (candidates, last, plain[0], NULL);
    if (n_plain == 2 && verb == NULL) /* "registry ca" goes on with "list" */
      add_verbs (candidates, last, plain[0], plain[1]);
    if (verb != NULL)
      add_arguments (cli, candidates, last, verb, n_plain - n_words);
  }
}

char **
cli_complete (Cli *cli, char **words)
{
  g_autoptr (GPtrArray) candidates = g_ptr_array_new ();
  guint n_words = g_strv_length (words);
  const char *last = n_words == 0 ? "" : words[n_words - 1];
  guint n_before = n_words == 0 ? 0 : n_words - 1;
  const CliOption *option = n_before == 0 ? NULL : find_option (words[n_before - 1]);
  g_autoptr (GPtrArray) plain = plain_words (cli, words, n_before);

  if (option != NULL && option->kind != CLI_OPTION_SWITCH)
    add_values (cli, candidates, last, option->argument);
  else
    complete_word (cli, candidates, last, (char **)plain->pdata);
  g_ptr_array_add (candidates, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&candidates), FALSE);
}
