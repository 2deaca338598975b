/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The passphrase of a key that is about to be made: see passphrase.h.
 */
#include "ca/keystore/passphrase.h"

#include "base/silent-line.h"

#include <openssl/crypto.h>
#include <string.h>

#define MOST_TYPED 1024

/* A key that was pressed by mistake, or Ctrl-C. */
static gboolean
has_control (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text))
      return TRUE;
  return FALSE;
}

static gboolean
ask_once (const char *prompt, Passphrase *passphrase, GError **error)
{
  g_autoptr (GError) problem = NULL;

  passphrase->text = OPENSSL_secure_zalloc (MOST_TYPED + 1);
  if (!silent_line_read (prompt, passphrase->text, MOST_TYPED + 1, &problem)) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY, problem->message);
    return FALSE;
  }
  passphrase->length = strlen (passphrase->text);
  if (!has_control (passphrase->text))
    return TRUE;
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY,
                       "a control character was typed; no key was made");
  return FALSE;
}

/* Twice, since a typing error would lock the key for ever. */
static Passphrase *
ask (GError **error)
{
  g_autoptr (Passphrase) first = g_new0 (Passphrase, 1);
  g_autoptr (Passphrase) second = g_new0 (Passphrase, 1);

  if (!silent_line_can_ask ()) {
    g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY,
                         "the new key needs a passphrase: give --passphrase-file=FILE, or run this "
                         "on a terminal");
    return NULL;
  }
  if (!ask_once ("passphrase for the new CA key", first, error)
      || !ask_once ("the same again", second, error))
    return NULL;
  if (strcmp (first->text, second->text) == 0)
    return g_steal_pointer (&first);
  g_set_error_literal (error, CA_ERROR, CA_ERROR_CA_KEY,
                       "the two passphrases are not the same; no key was made");
  return NULL;
}

Passphrase *
passphrase_for_new_key (const char *file, GError **error)
{
  const PassphraseSource source = { .file = (char *)file, .fd = -1 };
  g_autoptr (Passphrase) passphrase = file != NULL ? passphrase_read (&source, error) : ask (error);

  if (passphrase == NULL)
    return NULL;
  if (passphrase->length >= PASSPHRASE_LEAST && strlen (passphrase->text) == passphrase->length)
    return g_steal_pointer (&passphrase);
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
               "the passphrase of a CA key must have %d bytes or more, none of them 0; no key was "
               "made",
               PASSPHRASE_LEAST);
  return NULL;
}
