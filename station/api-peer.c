/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See api-peer.h.
 */
#include "station/api-peer.h"

#include "station/api-private.h"

struct ApiPeer {
  Station *station; /* only the main loop looks into it */
  char **signals;   /* so is what it hears; NULL: it never said */
  char *user;
  Role own;
  GMutex lock; /* of all below */
  Role most;
  gboolean at_line;
  char *auditor;    /* who reads here, or NULL */
  char *supervisor; /* who lent the role, or NULL */
  gint64 until;     /* monotonic */
};

static void
peer_free (gpointer data)
{
  ApiPeer *peer = data;

  g_mutex_clear (&peer->lock);
  g_free (peer->user);
  g_strfreev (peer->signals);
  g_free (peer->auditor);
  g_free (peer->supervisor);
  g_free (peer);
}

void
api_peer_attach (GDBusConnection *connection, Station *station, Role role, char *user)
{
  ApiPeer *peer = g_new0 (ApiPeer, 1);

  peer->station = station;
  peer->user = user;
  peer->own = peer->most = role;
  g_mutex_init (&peer->lock);
  g_object_set_data_full (G_OBJECT (connection), "peer", peer, peer_free);
}

ApiPeer *
api_peer_of (GDBusConnection *connection)
{
  return g_object_get_data (G_OBJECT (connection), "peer");
}

const char *
api_peer_user (const ApiPeer *peer)
{
  return peer->user;
}

Role
api_peer_own_role (const ApiPeer *peer)
{
  return peer->own;
}

static gboolean
is_authorized (const ApiPeer *peer)
{
  return peer->supervisor != NULL && g_get_monotonic_time () < peer->until;
}

/* Under the lock. */
static Role
role_now (const ApiPeer *peer)
{
  if (is_authorized (peer))
    return ROLE_SUPERVISOR;
  return peer->auditor != NULL ? MIN (peer->most, ROLE_AUDITOR) : peer->most;
}

Role
api_peer_role (ApiPeer *peer, char **supervisor)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  if (supervisor != NULL)
    *supervisor = is_authorized (peer) ? g_strdup (peer->supervisor) : NULL;
  return role_now (peer);
}

void
api_peer_audit (ApiPeer *peer, const char *auditor)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  g_free (peer->auditor);
  peer->auditor = g_strdup (auditor);
}

char *
api_peer_auditor (ApiPeer *peer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  return g_strdup (peer->auditor);
}

static void
give_back (ApiPeer *peer)
{
  g_clear_pointer (&peer->supervisor, g_free);
  peer->until = 0;
}

void
api_peer_limit (ApiPeer *peer, Role most)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  peer->most = MIN (peer->most, most);
  peer->at_line = TRUE; /* a screen: who signs in there acts there */
  give_back (peer);
}

void
api_peer_take_line (ApiPeer *peer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  peer->at_line = TRUE;
}

void
api_peer_authorize (ApiPeer *peer, const char *supervisor, guint seconds)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  g_free (peer->supervisor);
  peer->supervisor = g_strdup (supervisor);
  peer->until = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;
}

void
api_peer_deauthorize (ApiPeer *peer)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  give_back (peer);
}

void
api_peer_forget (ApiPeer *peer, const char *name)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  if (g_strcmp0 (peer->supervisor, name) == 0)
    give_back (peer);
  if (g_strcmp0 (peer->auditor, name) == 0)
    g_clear_pointer (&peer->auditor, g_free);
}

void
api_peer_record (ApiPeer *peer, GVariantDict *record)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  record_text (record, "user", peer->user);
  record_text (record, "role", role_word (role_now (peer)));
  record_text (record, "auditor", peer->auditor);
  if (!is_authorized (peer))
    return;
  record_text (record, "authorized", peer->supervisor);
  g_variant_dict_insert (record, "authorized-until", "x",
                         g_get_real_time () + peer->until - g_get_monotonic_time ());
}

char *
api_peer_name_for (const ApiPeer *peer, const char *name)
{
  return g_str_equal (name, peer->user) ? g_strdup (name)
                                        : g_strdup_printf ("%s (%s)", name, peer->user);
}

/* ---- signals ---- */

void
api_peer_listen (ApiPeer *peer, const char *const *signals)
{
  g_strfreev (peer->signals);
  peer->signals = g_strdupv ((char **)signals);
}

gboolean
api_peer_hears (const ApiPeer *peer, const char *signal)
{
  if (peer->signals == NULL)
    return !g_str_equal (signal, "SlotsChanged");
  return g_strv_contains ((const char *const *)peer->signals, signal);
}

/* ---- calls ---- */

static gboolean
refuse_call (GDBusMethodInvocation *invocation, const Config *config, Role role, Role least)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);

  api_refuse_text (invocation, "NotPermitted",
                   "%s needs the role %s (group %s); you are %s. Ask one of that group to do it%s.",
                   method, role_word (least), role_group (config, least), role_word (role),
                   role == ROLE_OPERATOR ? ", or have a supervisor's badge allow it here" : "");
  return FALSE;
}

gboolean
api_peer_may_call (GDBusMethodInvocation *invocation, const Config *config)
{
  ApiPeer *peer = api_peer_of (g_dbus_method_invocation_get_connection (invocation));
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const Role least = role_for_call (method, g_dbus_method_invocation_get_parameters (invocation));
  g_autofree char *supervisor = NULL;
  Role role = api_peer_role (peer, &supervisor);

  /* A connection that made itself smaller than its user can be raised again, and another badge
   * ends an audit. */
  if (g_str_equal (method, "Authorize"))
    role = MAX (role, peer->own);
  if (g_str_equal (method, "SignIn") || g_str_equal (method, "SignOut"))
    role = MAX (role, peer->most);
  if (role < least)
    return refuse_call (invocation, config, role, least);
  if (supervisor != NULL) {
    g_object_set_data_full (G_OBJECT (invocation), "actor", api_peer_name_for (peer, supervisor),
                            g_free);
    g_object_set_data_full (G_OBJECT (invocation), "person", g_steal_pointer (&supervisor), g_free);
  }
  return TRUE;
}

const char *
api_peer_person (GDBusMethodInvocation *invocation)
{
  const char *person = g_object_get_data (G_OBJECT (invocation), "person");

  return person != NULL ? person
                        : api_peer_of (g_dbus_method_invocation_get_connection (invocation))->user;
}

const char *
api_peer_actor (GDBusMethodInvocation *invocation)
{
  const char *actor = g_object_get_data (G_OBJECT (invocation), "actor");

  return actor != NULL ? actor
                       : api_peer_of (g_dbus_method_invocation_get_connection (invocation))->user;
}

/* Who stands at this connection, where it is not just its user: the auditor who reads here, or
 * whoever works at the line. Free with g_free(). */
static char *
who_is_there (ApiPeer *peer, const char *operator_name)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&peer->lock);

  if (peer->auditor != NULL)
    return g_strdup (peer->auditor);
  return peer->at_line ? g_strdup (operator_name) : NULL;
}

const char *
api_actor (GDBusMethodInvocation *invocation)
{
  ApiPeer *peer = api_peer_of (g_dbus_method_invocation_get_connection (invocation));
  const char *actor = g_object_get_data (G_OBJECT (invocation), "actor");
  g_autofree char *there = NULL;
  char *name;

  if (actor != NULL)
    return actor;
  there = who_is_there (peer, peer->station->site.operator_name);
  if (there == NULL)
    return peer->user;
  name = api_peer_name_for (peer, there);
  g_object_set_data_full (G_OBJECT (invocation), "actor", name, g_free);
  return name;
}
