/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See roots.h.
 */
#include "station/roots.h"

#include <string.h>

#include "base/encode.h"
#include "station/error.h"

#define DEBIAN_ROOTS "/usr/share/ca-certificates/mozilla"
#define AMAZON_WORD "amazon-root-ca-"

/* The file of one word, or NULL where it names none. Free with g_free(). */
static char *
file_of_word (const char *word, gboolean device_has_rsa)
{
  if (g_str_equal (word, "auto"))
    word = device_has_rsa ? AMAZON_WORD "1" : AMAZON_WORD "3";
  if (g_str_has_prefix (word, AMAZON_WORD))
    return g_strdup_printf ("%s/Amazon_Root_CA_%s.crt", DEBIAN_ROOTS, word + strlen (AMAZON_WORD));
  return g_path_is_absolute (word) ? g_strdup (word) : NULL;
}

static gboolean
load_file (const char *path, GPtrArray *roots, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  guint before = roots->len;
  const char *rest;
  GBytes *der;

  if (!g_file_get_contents (path, &text, NULL, &failure)) {
    g_set_error (error, STATION_ERROR, STATION_ERROR_SERVER_ROOTS,
                 "server roots: %s (Amazon's come with the package ca-certificates)",
                 failure->message);
    return FALSE;
  }
  for (rest = text; (der = pem_decode (rest, "CERTIFICATE", &rest)) != NULL;)
    g_ptr_array_add (roots, der);
  if (roots->len > before)
    return TRUE;
  g_set_error (error, STATION_ERROR, STATION_ERROR_SERVER_ROOTS,
               "server roots: %s holds no certificate in PEM", path);
  return FALSE;
}

GPtrArray *
server_roots_load (const char *const *words, gboolean device_has_rsa, GError **error)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (; words != NULL && *words != NULL; words++) {
    g_autofree char *path = NULL;

    if (g_str_equal (*words, "none"))
      continue;
    path = file_of_word (*words, device_has_rsa);
    if (path == NULL) {
      g_set_error (error, STATION_ERROR, STATION_ERROR_SERVER_ROOTS,
                   "server roots: \"%s\" is neither auto, none, amazon-root-ca-N nor a full path",
                   *words);
      return NULL;
    }
    if (!load_file (path, roots, error))
      return NULL;
  }
  return g_steal_pointer (&roots);
}
