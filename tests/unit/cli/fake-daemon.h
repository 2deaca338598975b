/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A daemon that answers the API from a script, in a thread of its own, on a
 * socket in a folder of its own: the real program is run against it.
 */
#pragma once

#include <glib.h>

/* The answer to any method: a tuple in GVariant notation, as "({'name': <'B'>},)" or "()". */
typedef struct {
  const char *method;
  const char *answer;
} FakeCall;

/* What it answers; texts in GVariant notation, NULL for an empty answer. */
typedef struct {
  const char *slots;     /* aa{sv} */
  const char *batches;   /* aa{sv} */
  const char *ca;        /* a{sv} */
  const char *summary;   /* a{sv}: of an export */
  const char *exported;  /* what is written to the output */
  const char *verdict;   /* a{sv} */
  const char *error;     /* name behind org.keycradle.Error. of every answer, or NULL */
  gboolean hang_up_once; /* closes the first connection after ListSlots */
  const char *signalled; /* a{sv}: SlotChanged, sent after ListSlots */
  const FakeCall *calls; /* ended by one without method; these come before all of the above */
} FakeAnswers;

/* Starts it; the folder is made. */
void fake_daemon_start (const FakeAnswers *answers);
void fake_daemon_stop (void);

/* The folder, for the test's own files too. */
const char *fake_daemon_folder (void);

/* The last of `calls` that was made, as "GetBatch ('B',)"; "" for none. */
const char *fake_daemon_heard (void);

/* Runs keycradle with `line`, split by blanks; %s stands for the folder. Gives the exit code;
 * free both texts with g_free(). */
int fake_daemon_run_client (const char *line, char **output, char **problem);
/* The same with `input` on its standard input. */
int fake_daemon_feed_client (const char *line, const char *input, char **output, char **problem);
