/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which acts need two people: the words of DualControl=, and the one table that says which method
 * of the API each of them is about.
 */
#pragma once

#include <glib.h>

typedef enum {
  CONTROL_VOID,     /* a device's certificate is voided */
  CONTROL_RE_ISSUE, /* a device that has passed may run once more */
  CONTROL_TICKET,   /* an owner's ticket is loaded */
  CONTROL_CA,       /* a CA that never issued here may */
  CONTROL_CLOCK,    /* the signer goes by a clock that is behind its log */
  CONTROL_PEOPLE,   /* somebody gets a supervisor's badge: else one person makes himself a second */
  CONTROL_REGISTRY, /* registrations are revoked, transferred or deleted */
} Control;

#define N_CONTROLS (CONTROL_REGISTRY + 1)
#define CONTROL_BIT(control) (1u << (control))

/* "void" and so on. */
const char *control_word (Control control);

/* Bits of the NULL-ended `words`; "all" and "none" stand alone. FALSE with what is wrong as text in
 * `problem`, to be freed with g_free(). */
gboolean dual_control_read (char **words, guint *bits, char **problem);

/* "void;ticket", "all" or "none". Free with g_free(). */
char *dual_control_text (guint bits);

/* TRUE where `method` is of a kind that can need two people. */
gboolean control_of_method (const char *method, Control *control);
