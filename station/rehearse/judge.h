/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verdict over one try, as AWS IoT would come to it, with each reason in words: what the device
 * did, and what to change. Each rule is a pure function of the facts; docs/rehearsal.md lists them.
 */
#pragma once

#include "station/rehearse/facts.h"

/* What a try is judged by. */
typedef struct {
  const char *endpoint; /* the whole host name */
  const char *target;   /* NULL: only the certificate itself is judged */
  const char *roots;    /* folder of the roots that the device must know, or NULL */
  gboolean port_443;    /* AWS asks for ALPN there */
  gboolean has_rsa;     /* the chains that the server can present */
  gboolean has_ecdsa;
  gint64 now;    /* seconds since 1970 */
  guint seconds; /* how long a try may take */
} Terms;

typedef struct {
  const char *code; /* "server-name-missing": for programs; never changes */
  gboolean refuses; /* FALSE: it would be let in, and somebody should know */
  char *wrong;      /* a sentence: what the device did */
  char *change;     /* a sentence: what to change */
} Remark;

void remark_free (Remark *remark);

/* Everything that there is to say, the first cause first; of Remark. Empty: admitted, without a
 * word. Unref with g_ptr_array_unref(). */
GPtrArray *judge_try (const Terms *terms, const Try *one);

/* TRUE where none of `remarks` refuses. */
gboolean remarks_admit (const GPtrArray *remarks);
