/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See crl-publisher.h. The signer keeps what is revoked; what it was told since it last made a list
 * it forgets when it is started again. So the publisher counts: where the lists have fewer
 * certificates than it has handed over, it hands all over once more, which changes nothing else.
 */
#include "station/crl-publisher.h"

#include <string.h>

#include "base/encode.h"
#include "base/files.h"
#include "station/log.h"

#define LOOK_PAUSE (2 * G_TIME_SPAN_SECOND)
#define RENEWAL_PAUSE (10 * G_TIME_SPAN_MINUTE)
#define PAUSE_AFTER_FAILURE (30 * G_TIME_SPAN_SECOND)
#define PATIENCE 15000 /* milliseconds a question; a list of 100,000 takes one second */
#define BLOCK 2048u

struct CrlPublisher {
  Ledger *ledger;
  Issuer *issuer;
  char *folder;
  void (*changed) (gpointer data);
  gpointer data;
  GThread *thread;       /* NULL without a folder */
  GMutex working;        /* guards these three; held while lists are made */
  gint64 handed_through; /* events up to here were told to the signer */
  guint64 handed;        /* certificates of them that are of the signer's CAs */
  gint64 looked_at;      /* monotonic: when the lists' ages were last looked at; 0: never */
  GMutex mutex;          /* guards what follows */
  GCond wake;
  gboolean closing;
  char *problem;
};

void
made_crl_free (MadeCrl *made)
{
  if (made == NULL)
    return;
  g_free (made->ca);
  g_free (made->path);
  g_clear_pointer (&made->der, g_bytes_unref);
  g_free (made);
}

/* ---- telling the signer ---- */

static RevokedCertificate *
revocations_of (const GPtrArray *certificates)
{
  RevokedCertificate *revoked = g_new0 (RevokedCertificate, certificates->len);

  for (guint i = 0; i < certificates->len; i++) {
    const VoidCertificate *certificate = g_ptr_array_index (certificates, i);

    revoked[i] = (RevokedCertificate){ certificate->log_index, certificate->voided_at,
                                       crl_reason_of (certificate->reason) };
  }
  return revoked;
}

/* The next block; `more` is FALSE where there was none. */
static gboolean
hand_over_block (CrlPublisher *publisher, SignerClient *client, gboolean *more, GError **error)
{
  g_autoptr (GPtrArray) certificates =
      ledger_void_certificates (publisher->ledger, publisher->handed_through, BLOCK, error);
  g_autofree RevokedCertificate *revoked = NULL;
  const VoidCertificate *last;
  guint unknown;

  if (certificates == NULL)
    return FALSE;
  *more = certificates->len > 0;
  if (!*more)
    return TRUE;
  revoked = revocations_of (certificates);
  if (!signer_client_revoke (client, revoked, certificates->len, &unknown, deadline_in (PATIENCE),
                             error))
    return FALSE;
  last = g_ptr_array_index (certificates, certificates->len - 1);
  publisher->handed_through = last->event;
  publisher->handed += certificates->len - unknown;
  return TRUE;
}

static gboolean
hand_over (CrlPublisher *publisher, SignerClient *client, GError **error)
{
  gboolean more = TRUE;

  while (more)
    if (!hand_over_block (publisher, client, &more, error))
      return FALSE;
  return TRUE;
}

/* How many the signer holds, in lists and waiting for one; more than there are where a CA's list
 * can't be looked at, which is told when that list is due. */
static guint64
count_held (SignerClient *client, const SignerStatus *status)
{
  guint64 held = 0;

  for (guint i = 0; i < status->authorities->len; i++) {
    const SignerAuthority *authority = g_ptr_array_index (status->authorities, i);
    g_autoptr (SignerCrl) crl =
        signer_client_crl (client, authority->name, CRL_LOOK, deadline_in (PATIENCE), NULL);

    if (crl == NULL)
      return G_MAXUINT64;
    held += crl->count + crl->waiting;
  }
  return held;
}

static gboolean
hand_over_all (CrlPublisher *publisher, SignerClient *client, const SignerStatus *status,
               GError **error)
{
  if (!hand_over (publisher, client, error))
    return FALSE;
  if (count_held (client, status) >= publisher->handed)
    return TRUE;
  publisher->handed_through = 0;
  publisher->handed = 0;
  return hand_over (publisher, client, error);
}

/* ---- making and publishing ---- */

/* DER for devices and servers that fetch it, PEM for those who put it into a file of theirs. */
static gboolean
publish (const CrlPublisher *publisher, MadeCrl *made, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (made->der, &length);
  g_autofree char *pem = pem_encode ("X509 CRL", data, length);
  g_autofree char *base = NULL;
  g_autofree char *pem_path = NULL;

  if (publisher->folder == NULL)
    return TRUE;
  base = g_build_filename (publisher->folder, made->ca, NULL);
  pem_path = g_strconcat (base, ".pem", NULL);
  made->path = g_strconcat (base, ".crl", NULL);
  return file_replace_durably (made->path, data, length, 0644, error)
         && file_replace_durably (pem_path, pem, strlen (pem), 0644, error);
}

static gboolean
record (const CrlPublisher *publisher, const MadeCrl *made, const char *actor, GError **error)
{
  g_autofree char *detail = g_strdup_printf (
      "number %" G_GUINT64_FORMAT ", %u revoked%s%s", made->number, made->count,
      made->path != NULL ? ", published as " : "", made->path != NULL ? made->path : "");

  return ledger_record_event (publisher->ledger, actor, "crl", made->ca, detail, error);
}

static MadeCrl *
make_one (CrlPublisher *publisher, SignerClient *client, const char *ca, const char *actor,
          GError **error)
{
  g_autoptr (MadeCrl) made = g_new0 (MadeCrl, 1);
  g_autoptr (SignerCrl) crl =
      signer_client_crl (client, ca, CRL_MAKE, deadline_in (PATIENCE), error);

  if (crl == NULL)
    return NULL;
  made->ca = g_strdup (ca);
  made->number = crl->number;
  made->this_update = crl->this_update;
  made->next_update = crl->next_update;
  made->count = crl->count;
  made->der = g_bytes_ref (crl->der);
  if (!publish (publisher, made, error) || !record (publisher, made, actor, error)
      || !issuer_follow (publisher->issuer, client, deadline_in (PATIENCE), error))
    return NULL;
  return g_steal_pointer (&made);
}

MadeCrl *
crl_publisher_make (CrlPublisher *publisher, SignerClient *client, const char *ca,
                    const char *actor, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&publisher->working);
  g_autoptr (SignerStatus) status = NULL;

  /* first: what the signer logged must be in the ledger, so that it can be void there */
  if (!issuer_ready (publisher->issuer, client, deadline_in (PATIENCE), error))
    return NULL;
  status = signer_client_status (client, deadline_in (PATIENCE), error);
  if (status == NULL || !hand_over_all (publisher, client, status, error))
    return NULL;
  return make_one (publisher, client, ca != NULL ? ca : status->issuing->name, actor, error);
}

/* ---- by itself ---- */

/* A third of its time is left, something was revoked since, or it is not where it should be. */
static gboolean
is_due (const CrlPublisher *publisher, const char *ca, const SignerCrl *crl)
{
  g_autofree char *name = g_strconcat (ca, ".crl", NULL);
  g_autofree char *path = g_build_filename (publisher->folder, name, NULL);
  const gint64 left = crl->next_update - g_get_real_time () / G_USEC_PER_SEC;

  return crl->number == 0 || crl->waiting > 0 || left < (crl->next_update - crl->this_update) / 3
         || !g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A CA that has ended makes no more lists, and needs none. */
static gboolean
has_ended (const SignerAuthority *authority)
{
  return authority->not_after <= g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
renew (CrlPublisher *publisher, SignerClient *client, const SignerAuthority *authority,
       GError **error)
{
  g_autoptr (SignerCrl) crl = NULL;
  g_autoptr (MadeCrl) made = NULL;

  if (has_ended (authority))
    return TRUE;
  crl = signer_client_crl (client, authority->name, CRL_LOOK, deadline_in (PATIENCE), error);
  if (crl == NULL)
    return FALSE;
  if (!is_due (publisher, authority->name, crl))
    return TRUE;
  made = make_one (publisher, client, authority->name, "station", error);
  if (made != NULL)
    log_station (G_LOG_LEVEL_MESSAGE, "revocation list %" G_GUINT64_FORMAT " of %s is in %s",
                 made->number, made->ca, made->path);
  return made != NULL;
}

/* One CA's trouble is no reason to let the others' lists grow old; the first one is told. */
static gboolean
renew_each (CrlPublisher *publisher, SignerClient *client, const SignerStatus *status,
            GError **error)
{
  gboolean all = TRUE;

  for (guint i = 0; i < status->authorities->len; i++)
    if (!renew (publisher, client, g_ptr_array_index (status->authorities, i), all ? error : NULL))
      all = FALSE;
  return all;
}

static gboolean
renew_all (CrlPublisher *publisher, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&publisher->working);
  g_autoptr (SignerClient) client = signer_client_new (issuer_socket (publisher->issuer));
  g_autoptr (SignerStatus) status = NULL;

  if (!issuer_ready (publisher->issuer, client, deadline_in (PATIENCE), error))
    return FALSE;
  status = signer_client_status (client, deadline_in (PATIENCE), error);
  if (status == NULL || !hand_over_all (publisher, client, status, error)
      || !renew_each (publisher, client, status, error))
    return FALSE;
  publisher->looked_at = g_get_monotonic_time ();
  return TRUE;
}

/* When units become void one after the other, their list waits until that pauses. */
static gboolean
is_time (CrlPublisher *publisher, gint64 *seen)
{
  const gint64 before = *seen;
  gboolean old;
  gint64 handed;

  if (!ledger_newest_void (publisher->ledger, seen, NULL))
    return FALSE;
  g_mutex_lock (&publisher->working);
  handed = publisher->handed_through;
  old =
      publisher->looked_at == 0 || g_get_monotonic_time () - publisher->looked_at >= RENEWAL_PAUSE;
  g_mutex_unlock (&publisher->working);
  return old || (*seen > handed && *seen == before);
}

static void
set_problem (CrlPublisher *publisher, const GError *error)
{
  g_autofree char *problem =
      error != NULL ? g_strdup_printf ("Revocation lists are not published: %s", error->message)
                    : NULL;
  gboolean differs;

  g_mutex_lock (&publisher->mutex);
  differs = g_strcmp0 (publisher->problem, problem) != 0;
  g_free (publisher->problem);
  publisher->problem = g_steal_pointer (&problem);
  g_mutex_unlock (&publisher->mutex);
  if (differs && error != NULL)
    log_station (G_LOG_LEVEL_WARNING, "revocation lists are not published: %s", error->message);
  if (differs)
    publisher->changed (publisher->data);
}

/* FALSE at the end. */
static gboolean
rest (CrlPublisher *publisher, gint64 pause)
{
  const gint64 until = g_get_monotonic_time () + pause;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&publisher->mutex);

  while (!publisher->closing && g_cond_wait_until (&publisher->wake, &publisher->mutex, until))
    ;
  return !publisher->closing;
}

static gpointer
publisher_thread (gpointer data)
{
  CrlPublisher *publisher = data;
  gint64 pause = LOOK_PAUSE;
  gint64 seen = 0;

  while (rest (publisher, pause)) {
    g_autoptr (GError) error = NULL;

    pause = LOOK_PAUSE;
    if (!is_time (publisher, &seen))
      continue;
    if (!renew_all (publisher, &error))
      pause = PAUSE_AFTER_FAILURE;
    set_problem (publisher, error);
  }
  return NULL;
}

CrlPublisher *
crl_publisher_new (Ledger *ledger, Issuer *issuer, const char *folder,
                   void (*changed) (gpointer data), gpointer data)
{
  CrlPublisher *publisher = g_new0 (CrlPublisher, 1);

  publisher->ledger = ledger;
  publisher->issuer = issuer;
  publisher->folder = g_strdup (folder);
  publisher->changed = changed;
  publisher->data = data;
  g_mutex_init (&publisher->working);
  g_mutex_init (&publisher->mutex);
  g_cond_init (&publisher->wake);
  if (folder != NULL)
    publisher->thread = g_thread_new ("crl-publisher", publisher_thread, publisher);
  return publisher;
}

void
crl_publisher_stop (CrlPublisher *publisher)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&publisher->mutex);

  publisher->closing = TRUE;
  g_cond_signal (&publisher->wake);
}

void
crl_publisher_free (CrlPublisher *publisher)
{
  if (publisher == NULL)
    return;
  crl_publisher_stop (publisher);
  if (publisher->thread != NULL)
    g_thread_join (publisher->thread);
  g_mutex_clear (&publisher->working);
  g_mutex_clear (&publisher->mutex);
  g_cond_clear (&publisher->wake);
  g_free (publisher->folder);
  g_free (publisher->problem);
  g_free (publisher);
}

char *
crl_publisher_problem (CrlPublisher *publisher)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&publisher->mutex);

  return g_strdup (publisher->problem);
}
