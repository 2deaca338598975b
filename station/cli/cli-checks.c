/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle audit checks and certificates: what is wrong with the stock, while the line runs. The
 * daemon streams what it finds, a line of JSON each, into a pipe; a thread prints it as it comes.
 */
#include "station/cli/cli.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"

/* A D-Bus array holds 64 MiB. */
#define MOST_LIST_BYTES (48u * 1024 * 1024)

/* ---- what comes through the pipe ---- */

typedef struct {
  int fd; /* the reading end */
  gboolean json;
  void (*print) (JsonObject *line);
  guint64 lines;
} Printing;

static char *
member (JsonObject *object, const char *name)
{
  return text_for_display (json_object_get_string_member_with_default (object, name, ""), 300);
}

static void
print_line (Printing *printing, const char *line)
{
  g_autoptr (JsonNode) node = NULL;

  if (printing->json) {
    printf ("%s\n%s", printing->lines > 0 ? "," : "", line);
    return;
  }
  node = json_from_string (line, NULL);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    printing->print (json_node_get_object (node));
}

static gpointer
print_lines (gpointer data)
{
  Printing *printing = data;
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (printing->fd);
  char *line;
  gsize end;

  g_io_channel_set_encoding (channel, NULL, NULL);
  while (g_io_channel_read_line (channel, &line, NULL, &end, NULL) == G_IO_STATUS_NORMAL) {
    line[end] = '\0';
    print_line (printing, line);
    printing->lines++;
    g_free (line);
  }
  return NULL;
}

typedef gboolean (*StreamCall) (Cli *cli, GVariant *options, GUnixFDList *files, GVariant **answer,
                                GError **error);

/* Calls with the writing end. When that is closed on both sides all has been printed. */
static gboolean
stream (Cli *cli, StreamCall call, GVariant *options, Printing *printing, GVariant **answer,
        GError **error)
{
  g_autoptr (GVariant) kept = g_variant_ref_sink (options);
  GUnixFDList *files;
  GThread *thread;
  gboolean done;
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, error))
    return FALSE;
  printing->fd = ends[0];
  thread = g_thread_new ("print", print_lines, printing);
  files = g_unix_fd_list_new_from_array (&ends[1], 1);
  cli_wait_forever (cli);
  done = call (cli, kept, files, answer, error);
  g_object_unref (files);
  g_thread_join (thread);
  close (ends[0]);
  return done;
}

/* ---- checks ---- */

/* CHECK  SEVERITY  WHICH: WHY, and what to do. */
static void
print_finding (JsonObject *line)
{
  JsonObject *resource = json_object_get_object_member (line, "nonCompliantResource");
  JsonObject *more = json_object_get_object_member (resource, "additionalInfo");
  g_autofree char *check = member (line, "checkName");
  g_autofree char *severity = member (line, "severity");
  g_autofree char *code = member (line, "reasonForNonComplianceCode");
  g_autofree char *reason = member (line, "reasonForNonCompliance");
  g_autofree char *device = member (more, "device");
  g_autofree char *authority = member (more, "authority");
  g_autofree char *next = member (more, "next");

  printf ("%s  %s  %s: %s (%s)\n  next: %s\n", check, severity,
          *device != '\0' ? device : authority, reason, code, next);
}

static gboolean
read_list (GVariantBuilder *lists, const char *path, gsize *total, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  char *data;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, error))
    return FALSE;
  *total += length;
  if (*total > MOST_LIST_BYTES) {
    g_free (data);
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "With %s the revocation lists are more than %u MiB: check with them one by one.",
                 shown, MOST_LIST_BYTES / 1024 / 1024);
    return FALSE;
  }
  g_variant_builder_add_value (
      lists, g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, length, TRUE, g_free, data));
  return TRUE;
}

static gboolean
add_lists (GVariantDict *options, char **paths, GError **error)
{
  g_auto (GVariantBuilder) lists;
  gsize total = 0;

  g_variant_builder_init (&lists, G_VARIANT_TYPE ("aay"));
  for (char **path = paths; path != NULL && *path != NULL; path++)
    if (!read_list (&lists, *path, &total, error))
      return FALSE;
  if (paths != NULL)
    g_variant_dict_insert_value (options, "crls", g_variant_builder_end (&lists));
  return TRUE;
}

static gboolean
add_days (GVariantDict *options, const char *key, gint64 value, GError **error)
{
  guint days = 0;

  if (!argument_count (key, value, G_MAXUINT32, &days, error))
    return FALSE;
  if (value >= 0)
    g_variant_dict_insert (options, key, "u", days);
  return TRUE;
}

static gboolean
add_names (GVariantDict *options, char **names, GError **error)
{
  for (char **name = names; *name != NULL; name++)
    if (!argument_text (*name, error))
      return FALSE;
  if (*names != NULL)
    g_variant_dict_insert (options, "checks", "^as", names);
  return TRUE;
}

static GVariant *
checks_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  g_auto (GVariantDict) dictionary;

  g_variant_dict_init (&dictionary, NULL);
  if (options->target != NULL) {
    if (!argument_text (options->target, error))
      return NULL;
    g_variant_dict_insert (&dictionary, "target", "s", options->target);
  }
  if (!add_names (&dictionary, cli->arguments, error)
      || !add_days (&dictionary, "expiring-days", options->expiring_days, error)
      || !add_days (&dictionary, "age-days", options->age_days, error)
      || !add_lists (&dictionary, options->crl, error))
    return NULL;
  return g_variant_dict_end (&dictionary);
}

static gboolean
call_checks (Cli *cli, GVariant *options, GUnixFDList *files, GVariant **answer, GError **error)
{
  return api_station1_call_run_checks_sync (cli->api, options, g_variant_new_handle (0), files,
                                            answer, NULL, NULL, error);
}

/* As AWS's DescribeAuditMitigationActionsTask and DescribeAuditTask: auditDetails by check. */
static void
print_details_json (GVariant *checks)
{
  GVariantDict all;

  g_variant_dict_init (&all, NULL);
  for (gsize i = 0; i < g_variant_n_children (checks); i++) {
    g_autoptr (GVariant) check = g_variant_get_child_value (checks, i);
    g_autofree char *name = record_text (check, "check");
    g_autofree char *status = record_text (check, "status");
    g_autofree char *message = record_text (check, "message");
    guint64 checked = 0, found = 0;
    GVariantDict detail;

    g_variant_lookup (check, "checked", "t", &checked);
    g_variant_lookup (check, "non-compliant", "t", &found);
    g_variant_dict_init (&detail, NULL);
    g_variant_dict_insert (&detail, "checkRunStatus", "s", status);
    g_variant_dict_insert (&detail, "checkCompliant", "b",
                           g_str_equal (status, "COMPLETED_COMPLIANT"));
    g_variant_dict_insert (&detail, "totalResourcesCount", "t", checked);
    g_variant_dict_insert (&detail, "nonCompliantResourcesCount", "t", found);
    if (*message != '\0')
      g_variant_dict_insert (&detail, "message", "s", message);
    g_variant_dict_insert_value (&all, name, g_variant_dict_end (&detail));
  }
  g_autoptr (GVariant) details = g_variant_ref_sink (g_variant_dict_end (&all));
  g_autofree char *text = json_text (details, TRUE);
  printf ("\n],\"auditDetails\":%s}\n", text);
}

static const char *
verdict_of (const char *status)
{
  if (g_str_equal (status, "COMPLETED_COMPLIANT"))
    return "compliant";
  return g_str_equal (status, "COMPLETED_NON_COMPLIANT") ? "NON-COMPLIANT" : "nothing checked";
}

static void
print_details (GVariant *checks)
{
  for (gsize i = 0; i < g_variant_n_children (checks); i++) {
    g_autoptr (GVariant) check = g_variant_get_child_value (checks, i);
    g_autofree char *name = record_text (check, "check");
    g_autofree char *severity = record_text (check, "severity");
    g_autofree char *status = record_text (check, "status");
    g_autofree char *message = record_text (check, "message");
    guint64 checked = 0, found = 0;

    g_variant_lookup (check, "checked", "t", &checked);
    g_variant_lookup (check, "non-compliant", "t", &found);
    printf ("%-61s %-8s %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT "  %s\n", name, severity,
            checked, found, verdict_of (status));
    if (*message != '\0')
      printf ("  %s\n", message);
  }
}

/* What was asked for by name and could not be checked is no clean bill. */
static CliExit
exit_of_checks (const Cli *cli, GVariant *checks)
{
  CliExit code = CLI_OK;

  for (gsize i = 0; i < g_variant_n_children (checks); i++) {
    g_autoptr (GVariant) check = g_variant_get_child_value (checks, i);
    g_autofree char *status = record_text (check, "status");

    if (g_str_equal (status, "COMPLETED_NON_COMPLIANT"))
      return CLI_VERDICT;
    if (!g_str_equal (status, "COMPLETED_COMPLIANT") && cli->n_arguments > 0)
      code = CLI_PARTIAL;
  }
  return code;
}

CliExit
cli_audit_checks (Cli *cli, GError **error)
{
  Printing printing = { .json = cli->options.json, .print = print_finding };
  g_autoptr (GVariant) checks = NULL;
  GVariant *options = checks_options (cli, error);

  if (options == NULL)
    return CLI_FAILED;
  g_variant_ref_sink (options);
  if (!cli_connect (cli, error)) {
    g_variant_unref (options);
    return CLI_FAILED;
  }
  if (printing.json)
    fputs ("{\"findings\":[", stdout);
  const gboolean done = stream (cli, call_checks, options, &printing, &checks, error);
  g_variant_unref (options);
  if (!done)
    return CLI_FAILED;
  if (printing.json)
    print_details_json (checks);
  else {
    printf ("%s%-61s %-8s %10s %10s\n", printing.lines > 0 ? "\n" : "", "CHECK", "SEVERITY",
            "CHECKED", "FOUND");
    print_details (checks);
  }
  return exit_of_checks (cli, checks);
}

/* ---- certificates ---- */

static void
print_damage (JsonObject *line)
{
  g_autofree char *device = member (line, "device");
  g_autofree char *state = member (line, "state");
  g_autofree char *damage = member (line, "damage");
  g_autofree char *sentence = member (line, "sentence");

  printf ("%s (%s)  %s: %s\n", device, state, damage, sentence);
}

static gboolean
call_verify (Cli *cli, GVariant *options, GUnixFDList *files, GVariant **answer, GError **error)
{
  return api_station1_call_verify_certificates_sync (cli->api, options, g_variant_new_handle (0),
                                                     files, answer, NULL, NULL, error);
}

static void
print_summary (GVariant *summary, guint64 checked, guint64 damaged)
{
  g_autofree const char **problems = NULL;

  g_variant_lookup (summary, "problems", "^a&s", &problems);
  for (const char **problem = problems; problem != NULL && *problem != NULL; problem++) {
    g_autofree char *shown = text_for_display (*problem, 300);
    printf ("%s\n", shown);
  }
  printf ("%" G_GUINT64_FORMAT " certificates verified again, %" G_GUINT64_FORMAT " damaged\n",
          checked, damaged);
  if (damaged > 0)
    printf ("Next, what the signer's log has of them (docs: operating, \"A damaged ledger\"):\n"
            "  keycradle audit collect FOLDER\n"
            "  keycradle audit verify FOLDER --certificates\n");
}

CliExit
cli_audit_certificates (Cli *cli, GError **error)
{
  Printing printing = { .json = cli->options.json, .print = print_damage };
  g_autoptr (GVariant) summary = NULL;
  g_autofree const char **problems = NULL;
  guint64 checked = 0, damaged = 0;
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (cli->options.batch != NULL)
    g_variant_dict_insert (&options, "batch", "s", cli->options.batch);
  g_autoptr (GVariant) given = g_variant_ref_sink (g_variant_dict_end (&options));
  if ((cli->options.batch != NULL && !argument_text (cli->options.batch, error))
      || !cli_connect (cli, error))
    return CLI_FAILED;
  if (printing.json)
    fputs ("{\"damaged\":[", stdout);
  if (!stream (cli, call_verify, given, &printing, &summary, error))
    return CLI_FAILED;
  g_variant_lookup (summary, "checked", "t", &checked);
  g_variant_lookup (summary, "damaged", "t", &damaged);
  g_variant_lookup (summary, "problems", "^a&s", &problems);
  if (printing.json) {
    g_autofree char *text = json_text (summary, TRUE);
    printf ("\n],\"summary\":%s}\n", text);
  }
  else
    print_summary (summary, checked, damaged);
  return damaged > 0 || (problems != NULL && problems[0] != NULL) ? CLI_VERDICT : CLI_OK;
}
