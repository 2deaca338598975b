/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See people.h.
 */
#include "people.h"

#include <check.h>
#include <unistd.h>

#include "station/roles.h"

gboolean
people_try_add (ApiStation1 *proxy, const char *name, const char *role, const char *badge,
                const char *pin, GError **error)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "role", "s", role);
  if (badge != NULL)
    g_variant_dict_insert (&options, "badge", "s", badge);
  if (pin != NULL)
    g_variant_dict_insert (&options, "pin", "s", pin);
  g_variant_dict_insert (&options, "language", "s", "de");
  return api_station1_call_add_operator_sync (proxy, name, g_variant_dict_end (&options), NULL,
                                              error);
}

void
people_add (ApiStation1 *proxy, const char *name, const char *role, const char *badge,
            const char *pin)
{
  g_autoptr (GError) error = NULL;
  gboolean added = people_try_add (proxy, name, role, badge, pin, &error);

  ck_assert_msg (added, "%s", error != NULL ? error->message : "");
}

gboolean
people_sign_in (ApiStation1 *proxy, const char *badge, GError **error)
{
  g_autoptr (GVariant) who = NULL;

  return api_station1_call_sign_in_sync (proxy, badge, &who, NULL, error);
}

gboolean
people_authorize (ApiStation1 *proxy, const char *badge, const char *pin, guint seconds,
                  GError **error)
{
  g_autoptr (GVariant) who = NULL;

  return api_station1_call_authorize_sync (proxy, badge, pin, seconds, &who, NULL, error);
}

void
people_limit (ApiStation1 *proxy)
{
  ck_assert (api_station1_call_limit_role_sync (proxy, "operator", NULL, NULL));
}

char *
people_name_here (const char *name)
{
  g_autofree char *user = peer_name (getuid ());

  return g_strdup_printf ("%s (%s)", name, user);
}

char *
people_last_event (ApiStation1 *proxy, const char *kind)
{
  g_autoptr (GVariant) events = NULL;

  ck_assert (api_station1_call_list_events_sync (proxy, 1000, &events, NULL, NULL));
  for (gsize i = 0; i < g_variant_n_children (events); i++) {
    g_autoptr (GVariant) event = g_variant_get_child_value (events, i);
    const char *actor, *found, *subject, *detail;

    ck_assert (g_variant_lookup (event, "kind", "&s", &found));
    ck_assert (g_variant_lookup (event, "actor", "&s", &actor));
    ck_assert (g_variant_lookup (event, "subject", "&s", &subject));
    ck_assert (g_variant_lookup (event, "detail", "&s", &detail));
    if (g_str_equal (found, kind))
      return g_strdup_printf ("%s|%s|%s", actor, subject, detail);
  }
  return NULL;
}

void
people_assert_event (ApiStation1 *proxy, const char *kind, const char *actor, const char *subject,
                     const char *detail)
{
  g_autofree char *found = people_last_event (proxy, kind);
  g_autofree char *expected = g_strdup_printf ("%s|%s|%s", actor, subject, detail);

  ck_assert_msg (g_strcmp0 (found, expected) == 0, "%s: %s, not %s", kind, found, expected);
}
