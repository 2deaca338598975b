/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See facts.h.
 */
#include "station/rehearse/facts.h"

static GArray *
numbers_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (guint16));
}

Try *
try_new (void)
{
  Try *one = g_new0 (Try, 1);

  one->at = g_get_real_time ();
  one->hello.versions = numbers_new ();
  one->hello.suites = numbers_new ();
  one->hello.suite_names = g_ptr_array_new_with_free_func (g_free);
  one->hello.signatures = numbers_new ();
  one->hello.certificate_signatures = numbers_new ();
  one->hello.groups = numbers_new ();
  one->hello.protocols = g_ptr_array_new_with_free_func (g_free);
  one->handshake.alert = -1;
  return one;
}

static void
clear_hello (Hello *hello)
{
  g_array_unref (hello->versions);
  g_array_unref (hello->suites);
  g_ptr_array_unref (hello->suite_names);
  g_array_unref (hello->signatures);
  g_array_unref (hello->certificate_signatures);
  g_array_unref (hello->groups);
  g_free (hello->server_name);
  g_ptr_array_unref (hello->protocols);
}

static void
clear_shown (Shown *shown)
{
  g_clear_pointer (&shown->der, g_bytes_unref);
  g_clear_pointer (&shown->spki, g_bytes_unref);
  g_free (shown->sha256);
  g_free (shown->subject);
  g_free (shown->issuer);
  g_free (shown->name);
  g_free (shown->key);
}

static void
clear_known (Known *known)
{
  g_free (known->problem);
  g_free (known->device);
  g_free (known->batch);
  g_free (known->void_reason);
  g_free (known->status);
  g_free (known->signer);
  g_free (known->signer_status);
}

void
try_free (Try *one)
{
  clear_hello (&one->hello);
  clear_shown (&one->shown);
  clear_known (&one->known);
  g_free (one->handshake.suite);
  g_free (one->handshake.problem);
  g_free (one->request.client_id);
  g_free (one->request.problem);
  g_free (one->peer);
  g_free (one);
}

gboolean
numbers_have (const GArray *list, guint16 number)
{
  for (guint i = 0; i < list->len; i++)
    if (g_array_index (list, guint16, i) == number)
      return TRUE;
  return FALSE;
}
