/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keystore.h: who calls into a store, and what becomes of a key that was lost.
 *
 * Whoever calls into a store stands in `calls` meanwhile, and holds the key that he uses, so no
 * lock is held while a token thinks. A token that is silent for TOKEN_SECONDS counts as dead:
 * orders behind it are refused at once and not held up, until its call returns.
 */
#include "ca/keystore/keystore-private.h"

#define TOKEN_SECONDS 10
#define CHECK_PAUSE (2 * G_TIME_SPAN_SECOND)

struct Keystore {
  KeystoreSource source; /* of our own: `uri`, `passphrase` and a reference to public_key */
  char *uri;
  PassphraseSource passphrase;
  GMutex mutex; /* guards what follows, and is never held during a call */
  GCond changed;
  GQueue calls;       /* of Call, the oldest first */
  gboolean opening;   /* a thread opens the store; nobody else may enter */
  guint64 generation; /* how often it was opened */
  KeystoreKey *key;   /* shared by reference count; NULL while the token is gone */
  gboolean opened;    /* the signer serves with it */
  gboolean never_again;
  GError *problem; /* why there is no key, or NULL */
  gint64 checked_at;
};

/* One thread's call into the store. */
typedef struct {
  GList link;
  gint64 since; /* monotonic */
  KeystoreKey *key;
  guint64 generation;
} Call;

/* ---- who is in the store ---- */

/* Under the mutex, as all that follows. */
static gboolean
is_empty (const Keystore *keystore)
{
  return keystore->calls.length == 0;
}

static gint64
patience_ends (const Keystore *keystore)
{
  const Call *oldest = is_empty (keystore) ? NULL : keystore->calls.head->data;

  return oldest != NULL ? oldest->since + TOKEN_SECONDS * G_TIME_SPAN_SECOND : G_MAXINT64;
}

static gboolean
is_silent (const Keystore *keystore)
{
  return g_get_monotonic_time () >= patience_ends (keystore);
}

static gboolean
refuse_silent (GError **error)
{
  g_set_error (error, CA_ERROR, CA_ERROR_CA_TOKEN,
               "the token with the CA key has not answered for %d seconds", TOKEN_SECONDS);
  return FALSE;
}

/* Until `ready`. FALSE where the token is silent meanwhile. */
static gboolean
wait_for (Keystore *keystore, gboolean (*ready) (const Keystore *), GError **error)
{
  while (!ready (keystore)) {
    if (is_silent (keystore))
      return refuse_silent (error);
    g_cond_wait_until (&keystore->changed, &keystore->mutex, patience_ends (keystore));
  }
  return TRUE;
}

static gboolean
has_room (const Keystore *keystore)
{
  return !keystore->opening
         && (is_empty (keystore) || keystore->key == NULL || !keystore->key->alone);
}

static gboolean
nobody_opens (const Keystore *keystore)
{
  return !keystore->opening;
}

static void
begin_call (Keystore *keystore, Call *call)
{
  *call = (Call){ .link = { .data = call },
                  .since = g_get_monotonic_time (),
                  .key = keystore->key != NULL ? g_atomic_rc_box_acquire (keystore->key) : NULL,
                  .generation = keystore->generation };
  g_queue_push_tail_link (&keystore->calls, &call->link);
}

static gboolean
enter (Keystore *keystore, Call *call, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&keystore->mutex);

  if (!wait_for (keystore, has_room, error))
    return FALSE;
  if (is_silent (keystore))
    return refuse_silent (error);
  begin_call (keystore, call);
  return TRUE;
}

static void
leave (Keystore *keystore, Call *call)
{
  keystore_key_unref (call->key);
  g_mutex_lock (&keystore->mutex);
  g_queue_unlink (&keystore->calls, &call->link);
  g_cond_broadcast (&keystore->changed);
  g_mutex_unlock (&keystore->mutex);
}

/* ---- opening ---- */

/* Under the mutex. What is wrong at the start is told once it is known whether the signer stays. */
static void
set_problem (Keystore *keystore, const GError *problem)
{
  if (keystore->opened && problem != NULL && keystore->problem == NULL)
    g_warning ("nothing can be signed: %s", problem->message);
  if (keystore->opened && problem == NULL && keystore->problem != NULL)
    g_message ("the CA key can be used again");
  g_clear_error (&keystore->problem);
  keystore->problem = problem != NULL ? g_error_copy (problem) : NULL;
}

/* Under the mutex, which is free while the store is closed and opened. */
static gboolean
open_store (Keystore *keystore, GError **error)
{
  g_autoptr (GError) problem = NULL;
  KeystoreKey *key = g_steal_pointer (&keystore->key);
  gboolean never_again;
  Call call;

  begin_call (keystore, &call);
  g_mutex_unlock (&keystore->mutex);
  keystore_key_unref (key);
  key = keystore_key_find (&keystore->source, &never_again, &problem);
  g_mutex_lock (&keystore->mutex);
  g_queue_unlink (&keystore->calls, &call.link);
  keystore->key = key;
  keystore->never_again = never_again;
  keystore->generation++;
  set_problem (keystore, problem);
  if (key != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* Under the mutex. */
static gboolean
open_alone (Keystore *keystore, GError **error)
{
  gboolean ok;

  keystore->opening = TRUE;
  ok = wait_for (keystore, is_empty, error) && open_store (keystore, error);
  keystore->opening = FALSE;
  g_cond_broadcast (&keystore->changed);
  return ok;
}

/* Of all that failed with the key of one generation, one opens the store anew; the others take what
 * he found. */
static gboolean
reopen (Keystore *keystore, guint64 generation, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&keystore->mutex);

  if (!wait_for (keystore, nobody_opens, error))
    return FALSE;
  if (keystore->generation == generation && !keystore->never_again)
    return open_alone (keystore, error);
  if (keystore->key != NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (keystore->problem));
  return FALSE;
}

static void
take_source (Keystore *keystore, const KeystoreSource *source)
{
  keystore->uri = g_strdup (source->uri);
  keystore->passphrase =
      (PassphraseSource){ .file = g_strdup (source->passphrase->file),
                          .credential = g_strdup (source->passphrase->credential),
                          .fd = source->passphrase->fd };
  if (source->public_key != NULL)
    EVP_PKEY_up_ref (source->public_key);
  keystore->source = *source;
  keystore->source.uri = keystore->uri;
  keystore->source.passphrase = &keystore->passphrase;
}

EVP_PKEY *
keystore_public_key (const Keystore *keystore)
{
  return keystore->source.public_key;
}

const char *
keystore_uri (const Keystore *keystore)
{
  return keystore->uri;
}

const char *
keystore_scheme (const Keystore *keystore)
{
  return keystore_uri_scheme (keystore->uri);
}

static gboolean
open_first (Keystore *keystore, GError **error)
{
  g_autoptr (GError) problem = NULL;

  /* A descriptor can be read once, and a token may have to be opened again. */
  if (keystore->passphrase.fd >= 0 && !g_str_equal (keystore_scheme (keystore), "file")
      && !passphrase_keep (&keystore->passphrase, error))
    return FALSE;
  if (!reopen (keystore, 0, &problem) && !keystore->never_again
      && !g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN))
  {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (problem != NULL)
    g_warning ("nothing can be signed yet: %s", problem->message);
  keystore->opened = TRUE;
  return TRUE;
}

Keystore *
keystore_open (const KeystoreSource *source, GError **error)
{
  g_autoptr (Keystore) keystore = g_new0 (Keystore, 1);

  g_mutex_init (&keystore->mutex);
  g_cond_init (&keystore->changed);
  g_queue_init (&keystore->calls);
  take_source (keystore, source);
  if (keystore_scheme (keystore) == NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
                 "the key '%s' is of no kind that this signer knows; write file:/PATH, "
                 "pkcs11:token=...;object=... or tpm2:handle=0x81...",
                 source->uri);
    return NULL;
  }
  return open_first (keystore, error) ? g_steal_pointer (&keystore) : NULL;
}

void
keystore_close (Keystore *keystore)
{
  if (keystore == NULL)
    return;
  keystore_key_unref (keystore->key);
  g_clear_error (&keystore->problem);
  g_free (keystore->uri);
  g_free (keystore->passphrase.file);
  g_free (keystore->passphrase.credential);
  passphrase_free (keystore->passphrase.kept);
  EVP_PKEY_free (keystore->source.public_key);
  g_mutex_clear (&keystore->mutex);
  g_cond_clear (&keystore->changed);
  g_free (keystore);
}

/* ---- using it ---- */

/* The token did not do what was asked of it in `call`, which keeps the key until it leaves. */
static void
lose (Keystore *keystore, const Call *call, const GError *why)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&keystore->mutex);

  if (keystore->generation != call->generation)
    return;
  keystore_key_unref (g_steal_pointer (&keystore->key));
  keystore->never_again = call->key->never_again;
  set_problem (keystore, why);
}

/* A count that is used up or an owner's word that is none says nothing about the token. */
static gboolean
is_lost (const KeystoreKey *key, const GError *problem)
{
  return key->token && !g_error_matches (problem, CA_ERROR, CA_ERROR_COUNT)
         && !g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF);
}

/* FALSE without an error where there is no key at present. */
static gboolean
try_to (Keystore *keystore, KeystoreAct act, gpointer data, guint64 *generation, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean ok;
  Call call;

  if (!enter (keystore, &call, error))
    return FALSE;
  *generation = call.generation;
  ok = call.key != NULL && act (call.key, data, &problem);
  if (problem != NULL && is_lost (call.key, problem))
    lose (keystore, &call, problem);
  else if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  leave (keystore, &call);
  return ok;
}

/* With the store opened anew: a session may be lost while its token is well. */
static gboolean
act_anew (Keystore *keystore, KeystoreAct act, gpointer data, guint64 generation, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!reopen (keystore, generation, error))
    return FALSE;
  if (try_to (keystore, act, data, &generation, &problem))
    return TRUE;
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  else
    g_set_error (error, CA_ERROR, CA_ERROR_CA_TOKEN,
                 "the token with the CA key was found again but did not sign");
  return FALSE;
}

gboolean
keystore_act (Keystore *keystore, KeystoreAct act, gpointer data, GError **error)
{
  g_autoptr (GError) problem = NULL;
  guint64 generation;

  if (try_to (keystore, act, data, &generation, &problem))
    return TRUE;
  if (problem == NULL)
    return act_anew (keystore, act, data, generation, error);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* ---- looking after it ---- */

/* A token that is in use tells by itself. */
static gboolean
wants_a_check (Keystore *keystore)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&keystore->mutex);
  gint64 now = g_get_monotonic_time ();

  if (keystore->calls.length > 0 || keystore->opening || keystore->never_again
      || now < keystore->checked_at + CHECK_PAUSE)
    return FALSE;
  keystore->checked_at = now;
  return TRUE;
}

static void
look_after (Keystore *keystore)
{
  g_autoptr (GError) problem = NULL;
  gboolean absent;
  Call call;

  if (!enter (keystore, &call, NULL))
    return;
  absent = call.key == NULL;
  if (!absent && call.key->check != NULL && !call.key->check (call.key, &problem))
    lose (keystore, &call, problem);
  leave (keystore, &call);
  if (absent)
    reopen (keystore, call.generation, NULL);
}

char *
keystore_problem (Keystore *keystore)
{
  g_autoptr (GError) silence = NULL;
  char *problem;

  if (wants_a_check (keystore))
    look_after (keystore);
  g_mutex_lock (&keystore->mutex);
  if (is_silent (keystore))
    refuse_silent (&silence);
  problem = silence != NULL             ? g_strdup (silence->message)
            : keystore->problem != NULL ? g_strdup (keystore->problem->message)
                                        : NULL;
  g_mutex_unlock (&keystore->mutex);
  return problem;
}
