/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See dual-control.h.
 */
#include "station/dual-control.h"

#define ALL_CONTROLS ((1u << N_CONTROLS) - 1)

static const char *const control_words[N_CONTROLS] = {
  [CONTROL_VOID] = "void",         [CONTROL_RE_ISSUE] = "re-issue",
  [CONTROL_TICKET] = "ticket",     [CONTROL_CA] = "ca",
  [CONTROL_CLOCK] = "clock",       [CONTROL_PEOPLE] = "people",
  [CONTROL_REGISTRY] = "registry",
};

static const struct {
  const char *method;
  Control control;
} controlled[] = {
  { "VoidDevice", CONTROL_VOID },         { "RetryDevice", CONTROL_RE_ISSUE },
  { "LoadTicket", CONTROL_TICKET },       { "AcceptCa", CONTROL_CA },
  { "ResetClock", CONTROL_CLOCK },        { "SetOperatorEnabled", CONTROL_PEOPLE },
  { "ChangeRegistry", CONTROL_REGISTRY },
};

const char *
control_word (Control control)
{
  return control_words[control];
}

gboolean
control_of_method (const char *method, Control *control)
{
  for (guint i = 0; i < G_N_ELEMENTS (controlled); i++)
    if (g_str_equal (controlled[i].method, method)) {
      *control = controlled[i].control;
      return TRUE;
    }
  return FALSE;
}

static gboolean
control_from_word (const char *word, Control *control)
{
  for (*control = CONTROL_VOID; *control < N_CONTROLS; (*control)++)
    if (g_str_equal (word, control_words[*control]))
      return TRUE;
  return FALSE;
}

gboolean
dual_control_read (char **words, guint *bits, char **problem)
{
  const gboolean single = words[0] != NULL && words[1] == NULL;
  Control control;

  *bits = single && g_str_equal (words[0], "all") ? ALL_CONTROLS : 0;
  if (*bits != 0 || (single && g_str_equal (words[0], "none")))
    return TRUE;
  for (; *words != NULL; words++) {
    if (!control_from_word (*words, &control)) {
      *problem = g_strdup_printf ("\"%s\" is none of void, re-issue, ticket, ca, clock, people and "
                                  "registry; all and none stand alone",
                                  *words);
      return FALSE;
    }
    *bits |= CONTROL_BIT (control);
  }
  return TRUE;
}

char *
dual_control_text (guint bits)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (bits == 0 || bits == ALL_CONTROLS)
    return g_strdup (bits == 0 ? "none" : "all");
  for (Control control = CONTROL_VOID; control < N_CONTROLS; control++)
    if (bits & CONTROL_BIT (control))
      g_string_append_printf (text, "%s%s", text->len > 0 ? ";" : "", control_words[control]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
