/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the API share. Each of api-slots.c, api-batches.c, api-records.c and
 * api-exports.c answers some of the methods.
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

/* Who calls, for the ledger. Owned by the connection. */
const char *api_actor (GDBusMethodInvocation *invocation);

/* `limit` of a filter, within bounds; `batch` and the like are looked up by their keys. */
guint api_limit (GVariant *filter);

/* Answers one record `a{sv}` or a list `aa{sv}`. TRUE. */
gboolean api_return (GDBusMethodInvocation *invocation, GVariant *value);
gboolean api_return_nothing (GDBusMethodInvocation *invocation);

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
  GVariant *answer; /* the whole tuple's only member; owned */
  GError *error;
};

/* Takes the invocation over. */
ApiErrand *api_errand_new (GDBusMethodInvocation *invocation,
                           void (*work) (ApiErrand *errand, Station *station,
                                         SignerClient *client));

/* Runs it and answers. TRUE. */
gboolean api_errand_run (ApiErrand *errand, Station *station);

/* Answers at once with what is in it, and frees it. TRUE. */
gboolean api_errand_answer (ApiErrand *errand, Station *station);

/* Connect the handlers of one file. */
void api_connect_slots (ApiStation1 *skeleton, Station *station);
void api_connect_batches (ApiStation1 *skeleton, Station *station);
void api_connect_records (ApiStation1 *skeleton, Station *station);
void api_connect_status (ApiStation1 *skeleton, Station *station);
void api_connect_exports (ApiStation1 *skeleton, Station *station);

/* api-bus.c: what gdbus and busctl ask of any peer before they call a method. */
guint api_bus_register (GDBusConnection *connection, GError **error);
