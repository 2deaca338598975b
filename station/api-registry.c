/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods that change registrations and list them, page by page. A change runs in a thread, and
 * each line of what came of it flows into a file that the client opened.
 */
#include <gio/gunixfdlist.h>

#include "base/files.h"
#include "station/api-approvals.h"
#include "station/api-private.h"
#include "station/records-registry.h"

#define DEVICES_MOST 10000u
#define PAGE_MOST 250u
#define PAGE_DEFAULT 100u
#define BUFFER_SIZE 65536

/* ---- pages ---- */

gboolean
api_page_size (GVariant *filter, guint *most, GError **error)
{
  *most = PAGE_DEFAULT;
  g_variant_lookup (filter, "limit", "u", most);
  if (*most >= 1 && *most <= PAGE_MOST)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "a page has 1 to %u rows", PAGE_MOST);
  return FALSE;
}

gboolean
api_return_page (GDBusMethodInvocation *invocation, GVariant *records, const char *next)
{
  g_dbus_method_invocation_return_value (
      invocation, g_variant_new ("(@aa{sv}s)", records, next != NULL ? next : ""));
  return TRUE;
}

static gboolean
read_status_filter (GVariant *filter, RegistrationStatus *status, GError **error)
{
  const char *word = api_filter_text (filter, "status");

  *status = REGISTRATION_NONE;
  if (word == NULL
      || (registration_status_from_word (word, status) && *status != REGISTRATION_NONE))
    return TRUE;
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                       "a status is ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER or "
                       "PENDING_ACTIVATION");
  return FALSE;
}

static GVariant *
make_registration (gconstpointer item)
{
  return record_registration (item);
}

static gboolean
handle_list_registrations (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                           GVariant *filter, Station *station)
{
  static const ApiOption known[] = {
    { "target", "s" }, { "ca", "s" },        { "batch", "s" }, { "device", "s" }, { "sha256", "s" },
    { "status", "s" }, { "ascending", "b" }, { "limit", "u" }, { "marker", "s" }, { 0 }
  };
  RegistrationFilter wanted = { .target = api_filter_text (filter, "target"),
                                .authority = api_filter_text (filter, "ca"),
                                .batch = api_filter_text (filter, "batch"),
                                .device = api_filter_text (filter, "device"),
                                .sha256 = api_filter_text (filter, "sha256") };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) registrations = NULL;
  g_autofree char *next = NULL;
  guint most;

  g_variant_lookup (filter, "ascending", "b", &wanted.ascending);
  if (api_check_options (filter, known, "a list of registrations", &error)
      && api_page_size (filter, &most, &error)
      && read_status_filter (filter, &wanted.status, &error))
    registrations = ledger_registrations (station->ledger, &wanted, most,
                                          api_filter_text (filter, "marker"), &next, &error);
  if (registrations == NULL)
    return api_refuse (invocation, error);
  return api_return_page (invocation, record_list (registrations, make_registration), next);
}

/* ---- a change ---- */

typedef struct {
  RegistryRequest request; /* its texts live in `options` */
  RegistrySelection selection;
  char *target;
  GVariant *options;
  const char **devices; /* NULL-ended, or NULL; texts in `options` */
  gboolean dry_run;
  gboolean granted; /* nobody reads the lines */
  int fd;
  GString *lines; /* that are to be written */
  char *refusal;  /* the first one, with line and device; or NULL */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->target);
  g_free (change->devices);
  g_free (change->refusal);
  g_clear_pointer (&change->options, g_variant_unref);
  g_string_free (change->lines, TRUE);
  g_free (change);
}

static gboolean
write_lines (Change *change, GError **error)
{
  const gboolean written = change->lines->len == 0
                           || fd_write_for_reader (change->fd, change->lines->str,
                                                   change->lines->len, READER_PATIENCE, error);

  g_string_truncate (change->lines, 0);
  return written;
}

static gboolean
take_line (const RegistryLine *line, gpointer data, GError **error)
{
  Change *change = data;

  if (line->refusal != NULL && change->refusal == NULL)
    change->refusal = g_strdup_printf ("line %" G_GUINT64_FORMAT ", %s: %s", line->line,
                                       line->device, line->refusal);
  append_registry_line (change->lines, line);
  return change->lines->len < BUFFER_SIZE || write_lines (change, error);
}

/* Who granted it sees no lines, but must not take it for whole. */
static void
tell_of_refusals (ApiErrand *errand, const Change *change, const RegistrySummary *summary)
{
  if (!change->granted || summary->refused == 0)
    return;
  g_set_error (&errand->error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "%" G_GUINT64_FORMAT " are changed, %" G_GUINT64_FORMAT " were refused: %s",
               summary->changed, summary->refused, change->refusal);
}

/* What was done before a failure is told all the same. */
static void
work_change (ApiErrand *errand, Station *station, SignerClient *client)
{
  Change *change = errand->details;
  RegistrySummary summary = { 0 };
  gboolean done;

  change->fd = errand->fd;
  done = ledger_change_registry (station->ledger, change->target, &change->request,
                                 &change->selection, change->dry_run, errand->actor, take_line,
                                 change, &summary, &errand->error);
  if (!write_lines (change, done ? &errand->error : NULL) || !done)
    return;
  tell_of_refusals (errand, change, &summary);
  errand->answer = g_variant_ref_sink (record_registry_summary (&summary));
}

static const ApiOption change_options[] = {
  { "batch", "s" },   { "devices", "as" },  { "status", "s" },  { "account", "s" },
  { "message", "s" }, { "elsewhere", "b" }, { "dry-run", "b" }, { 0 },
};

static gboolean
read_selection (Change *change, GError **error)
{
  RegistrySelection *selection = &change->selection;

  selection->batch = api_filter_text (change->options, "batch");
  g_variant_lookup (change->options, "devices", "^a&s", &change->devices);
  selection->devices = change->devices;
  if ((selection->batch != NULL) == (selection->devices != NULL)) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "name either a batch or devices");
    return FALSE;
  }
  if (change->devices == NULL || g_strv_length ((char **)change->devices) <= DEVICES_MOST)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "at most %u devices go into one call",
               DEVICES_MOST);
  return FALSE;
}

/* What becomes of it where nothing else is said. */
static RegistrationStatus
usual_status (RegistryOperation operation)
{
  if (operation == REGISTRY_REGISTER)
    return REGISTRATION_ACTIVE;
  return operation == REGISTRY_ACCEPT_TRANSFER ? REGISTRATION_INACTIVE : REGISTRATION_NONE;
}

static gboolean
read_request (Change *change, const char *operation, GError **error)
{
  RegistryRequest *request = &change->request;
  const char *status = api_filter_text (change->options, "status");

  if (!registry_operation_from_word (operation, &request->operation)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "the registry has no operation \"%s\"; docs/registry.md has them all", operation);
    return FALSE;
  }
  request->status = usual_status (request->operation);
  if (status != NULL && !registration_status_from_word (status, &request->status)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "there is no status \"%s\"", status);
    return FALSE;
  }
  request->account = api_filter_text (change->options, "account");
  request->message = api_filter_text (change->options, "message");
  g_variant_lookup (change->options, "elsewhere", "b", &request->elsewhere);
  return registry_request_check (request, error);
}

static void
finish_change (ApiErrand *errand, Station *station)
{
  station_status_changed (station);
}

static gboolean
handle_change_registry (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                        GUnixFDList *descriptors, const char *operation, const char *target,
                        GVariant *options, GVariant *output, Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_change);
  Change *change = g_new0 (Change, 1);

  errand->details = change;
  errand->free_details = change_free;
  errand->finish = finish_change;
  change->lines = g_string_sized_new (BUFFER_SIZE);
  change->target = g_strdup (target);
  change->options = g_variant_get_normal_form (options);
  change->granted = api_approvals_is_granted (invocation);
  g_variant_lookup (change->options, "dry-run", "b", &change->dry_run);
  if (!api_check_options (change->options, change_options, "a change of the registry",
                          &errand->error)
      || !read_selection (change, &errand->error)
      || !read_request (change, operation, &errand->error))
    return api_errand_answer (errand, station);
  return api_errand_run_with_descriptor (errand, descriptors, output, station);
}

void
api_connect_registry (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-change-registry", G_CALLBACK (handle_change_registry),
                    station);
  g_signal_connect (skeleton, "handle-list-registrations", G_CALLBACK (handle_list_registrations),
                    station);
}
