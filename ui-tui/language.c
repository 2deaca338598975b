/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See language.h. gettext asks LANGUAGE at every text, but keeps what it found until the counter
 * _nl_msg_cat_cntr changes; and it translates nothing at all in the locale "C", so that messages
 * are set to C.UTF-8 there, which every system of ours has.
 */
#include "ui-tui/language.h"

#include <locale.h>

#include "ui-tui/text.h"

#define DOMAIN "keycradle"

/* GNU gettext's documented way to say that the environment changed. */
extern int _nl_msg_cat_cntr;

const Language languages[] = {
  { "en", "English", FALSE },
  { "de", "Deutsch", FALSE },
  { "zh_CN", "中文", TRUE },
  { NULL, NULL, FALSE },
};

static gboolean ascii_only;

const char *const *
language_codes (void)
{
  static const char *codes[G_N_ELEMENTS (languages)];

  for (guint i = 0; i < G_N_ELEMENTS (languages); i++)
    codes[i] = languages[i].code;
  return codes;
}

static const Language *
language_find (const char *code)
{
  for (const Language *language = languages; language->code != NULL; language++)
    if (g_strcmp0 (language->code, code) == 0)
      return language;
  return NULL;
}

const char *
language_of_locale (void)
{
  static const char *known;

  /* once: language_use() changes what the locale seems to ask for */
  for (const char *const *name = g_get_language_names (); known == NULL && *name != NULL; name++)
    if (language_find (*name) != NULL)
      known = language_find (*name)->code;
  return known != NULL ? known : "en";
}

void
language_init (const char *folder)
{
  const char *messages = setlocale (LC_MESSAGES, NULL);

  language_of_locale ();
  if (g_strcmp0 (messages, "C") == 0)
    setlocale (LC_MESSAGES, "C.UTF-8");
  bindtextdomain (DOMAIN, folder);
  bind_textdomain_codeset (DOMAIN, "UTF-8");
  textdomain (DOMAIN);
}

gboolean
language_is_shown (const char *code, gboolean latin_only)
{
  const Language *language = language_find (code);

  return !latin_only || language == NULL || !language->beyond_letters;
}

const char *
language_use (const char *code, gboolean ascii)
{
  const Language *language = language_find (code);

  if (language == NULL || !language_is_shown (code, ascii))
    language = &languages[0];
  ascii_only = ascii;
  g_setenv ("LANGUAGE", language->code, TRUE);
  _nl_msg_cat_cntr++;
  return language->code;
}

/* The texts are as many as the catalogue has, so that all are kept. */
static const char *
spelled (const char *text)
{
  if (!ascii_only || g_str_is_ascii (text))
    return text;
  g_autofree char *spelling = text_to_ascii (text);
  return g_intern_string (spelling);
}

const char *
language_text (const char *text)
{
  return spelled (gettext (text));
}

const char *
language_plural (const char *one, const char *many, gulong count)
{
  return spelled ((ngettext)(one, many, count));
}
