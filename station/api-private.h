/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the API share. Each of api-slots.c, api-batches.c, api-records.c, api-people.c,
 * api-approvals.c and api-exports.c answers some of the methods.
 */
#pragma once

#include "station/records.h"
#include "station/station-api.h"
#include "station/station.h"

#define API_ERROR_PREFIX "org.keycradle.Error."

/* How many records a list may hold. */
#define API_LIMIT_DEFAULT 100u
#define API_LIMIT_MOST 10000u

/* Answers with the D-Bus error that suits, and a sentence that says what to do. Takes the
 * invocation over. Always TRUE, as a handler returns it. */
gboolean api_refuse (GDBusMethodInvocation *invocation, const GError *error);
gboolean api_refuse_text (GDBusMethodInvocation *invocation, const char *name, const char *format,
                          ...) G_GNUC_PRINTF (3, 4);

/* Who acts, for the ledger: the supervisor who allowed it, the operator who has signed in, the
 * user of the connection. Owned by the invocation. On the main loop only. */
const char *api_actor (GDBusMethodInvocation *invocation);

/* Does any connection hear this signal? */
gboolean api_is_heard (ApiStation1 *skeleton, const char *signal);
/* Tells all that do; `value` is its only argument, taken over where it is floating. */
void api_tell (ApiStation1 *skeleton, const char *signal, GVariant *value);

/* Options that a call takes; a list ends with NULL. */
typedef struct {
  const char *key;
  const char *type;
} ApiOption;

/* Refuses an option that is not among `known`: "a batch has no option ...". LEDGER_ERROR_INVALID.
 */
gboolean api_check_options (GVariant *options, const ApiOption *known, const char *noun,
                            GError **error);

/* A text of a filter, or NULL for "any"; lives as long as the filter. */
const char *api_filter_text (GVariant *filter, const char *key);

/* `limit` of a filter, within bounds; `batch` and the like are looked up by their keys. */
guint api_limit (GVariant *filter);

/* `limit` of a filter of the registry's pages: 1 to 250, 100 where there is none. INVALID. */
gboolean api_page_size (GVariant *filter, guint *most, GError **error);
/* Answers a page `aa{sv}` (floating) with the marker of the next one, or NULL. TRUE. */
gboolean api_return_page (GDBusMethodInvocation *invocation, GVariant *records, const char *next);

/* Answers one record `a{sv}` or a list `aa{sv}`. TRUE. */
gboolean api_return (GDBusMethodInvocation *invocation, GVariant *value);
gboolean api_return_nothing (GDBusMethodInvocation *invocation);

/* The record of one batch, with its failures; floating. LEDGER_ERROR. */
GVariant *api_batch_record (Station *station, const char *name, GError **error);

/* The signer's certificate over a cloud's code, by the CA of that name ("": the one that issues);
 * on record. NULL with error; in an errand only. */
GBytes *api_certify_code (Station *station, SignerClient *client, const char *ca, const char *code,
                          const char *actor, GError **error);

/* A method that takes a while: `work` fills in `answer` or `error` in a thread. */
typedef struct ApiErrand ApiErrand;
struct ApiErrand {
  GDBusMethodInvocation *invocation;
  void (*work) (ApiErrand *errand, Station *station, SignerClient *client);
  void (*finish) (ApiErrand *errand, Station *station); /* on the main loop; or NULL */
  char *actor;
  char *format;
  char *batch;
  int fd;           /* or -1; closed at the end */
  gpointer details; /* what else the method needs */
  void (*free_details) (gpointer details);
  GVariant *answer; /* the whole tuple's only member, owned; NULL for a method without */
  GError *error;
};

/* Takes the invocation over. */
ApiErrand *api_errand_new (GDBusMethodInvocation *invocation,
                           void (*work) (ApiErrand *errand, Station *station,
                                         SignerClient *client));

/* Runs it and answers. TRUE. */
gboolean api_errand_run (ApiErrand *errand, Station *station);

/* Runs it with the descriptor that the handle of the message stands for. TRUE. */
gboolean api_errand_run_with_descriptor (ApiErrand *errand, GUnixFDList *descriptors,
                                         GVariant *handle, Station *station);

/* Answers at once with what is in it, and frees it. TRUE. */
gboolean api_errand_answer (ApiErrand *errand, Station *station);

/* Connect the handlers of one file. */
void api_connect_slots (ApiStation1 *skeleton, Station *station);
void api_connect_ports (ApiStation1 *skeleton, Station *station);
void api_connect_batches (ApiStation1 *skeleton, Station *station);
void api_connect_renewal (ApiStation1 *skeleton, Station *station);
void api_connect_records (ApiStation1 *skeleton, Station *station);
void api_connect_status (ApiStation1 *skeleton, Station *station);
void api_connect_telling (ApiStation1 *skeleton, Station *station);
void api_connect_ca (ApiStation1 *skeleton, Station *station);
void api_connect_approvals (ApiStation1 *skeleton, Station *station);
void api_connect_evidence (ApiStation1 *skeleton, Station *station);
void api_connect_collecting (ApiStation1 *skeleton, Station *station);
void api_connect_checks (ApiStation1 *skeleton, Station *station);
void api_connect_exports (ApiStation1 *skeleton, Station *station);
void api_connect_targets (ApiStation1 *skeleton, Station *station);
void api_connect_registry (ApiStation1 *skeleton, Station *station);
void api_connect_operations (ApiStation1 *skeleton, Station *station);
/* `connections` (of GDBusConnection) is borrowed. */
void api_connect_people (ApiStation1 *skeleton, Station *station, GPtrArray *connections);

/* api-bus.c: what gdbus and busctl ask of any peer before they call a method. */
guint api_bus_register (GDBusConnection *connection, GError **error);
