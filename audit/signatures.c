/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signatures.h. Certificates are copied and handed over some at a time.
 */
#include "audit/signatures.h"

#include <string.h>

#define JOB_SIZE (128 * 1024) /* bytes of certificates */
#define JOBS_AHEAD 4u         /* for each thread */
#define MOST_WRONG 100000u

typedef struct {
  guint64 index;
  EVP_PKEY *key;
  gsize offset;
  gsize length;
} Item;

typedef struct {
  GArray *items; /* of Item */
  GByteArray *bytes;
} Job;

struct AuditSignatures {
  GThreadPool *threads;
  Job *job;        /* being filled */
  guint64 unknown; /* whose CA's certificate is not there */
  GMutex mutex;    /* guards what follows */
  GCond done;
  guint waiting; /* jobs that were handed over */
  guint64 checked;
  GArray *wrong; /* of guint64 */
};

static Job *
job_new (void)
{
  Job *job = g_new0 (Job, 1);

  job->items = g_array_new (FALSE, FALSE, sizeof (Item));
  job->bytes = g_byte_array_sized_new (JOB_SIZE);
  return job;
}

static void
job_free (Job *job)
{
  g_array_unref (job->items);
  g_byte_array_unref (job->bytes);
  g_free (job);
}

static gboolean
verifies (const Job *job, const Item *item)
{
  const guint8 *der = job->bytes->data + item->offset;
  X509 *certificate = d2i_X509 (NULL, &der, (long)item->length);
  gboolean good = certificate != NULL && X509_verify (certificate, item->key) == 1;

  X509_free (certificate);
  return good;
}

static void
finish_job (AuditSignatures *signatures, const Job *job, const GArray *wrong)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signatures->mutex);

  signatures->checked += job->items->len;
  if (wrong->len > 0 && signatures->wrong->len < MOST_WRONG)
    g_array_append_vals (signatures->wrong, wrong->data, wrong->len);
  signatures->waiting--;
  g_cond_signal (&signatures->done);
}

static void
do_job (gpointer data, gpointer user_data)
{
  Job *job = data;
  g_autoptr (GArray) wrong = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < job->items->len; i++) {
    const Item *item = &g_array_index (job->items, Item, i);
    if (!verifies (job, item))
      g_array_append_val (wrong, item->index);
  }
  finish_job (user_data, job, wrong);
  job_free (job);
}

AuditSignatures *
audit_signatures_new (void)
{
  AuditSignatures *signatures = g_new0 (AuditSignatures, 1);

  g_mutex_init (&signatures->mutex);
  g_cond_init (&signatures->done);
  signatures->wrong = g_array_new (FALSE, FALSE, sizeof (guint64));
  signatures->job = job_new ();
  signatures->threads =
      g_thread_pool_new (do_job, signatures, (gint)g_get_num_processors (), FALSE, NULL);
  return signatures;
}

static void
wait_until (AuditSignatures *signatures, guint most)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&signatures->mutex);

  while (signatures->waiting > most)
    g_cond_wait (&signatures->done, &signatures->mutex);
}

void
audit_signatures_free (AuditSignatures *signatures)
{
  g_thread_pool_free (signatures->threads, FALSE, TRUE);
  job_free (signatures->job);
  g_array_unref (signatures->wrong);
  g_mutex_clear (&signatures->mutex);
  g_cond_clear (&signatures->done);
  g_free (signatures);
}

static void
hand_over (AuditSignatures *signatures)
{
  wait_until (signatures, JOBS_AHEAD * g_get_num_processors ());
  g_mutex_lock (&signatures->mutex);
  signatures->waiting++;
  g_mutex_unlock (&signatures->mutex);
  g_thread_pool_push (signatures->threads, signatures->job, NULL);
  signatures->job = job_new ();
}

void
audit_signatures_add (AuditSignatures *signatures, guint64 index, Span certificate,
                      const AuditAuthority *authority)
{
  Item item = { .index = index, .length = certificate.length };
  Job *job = signatures->job;

  if (authority == NULL || authority->certificate == NULL) {
    signatures->unknown++;
    return;
  }
  item.key = X509_get0_pubkey (authority->certificate);
  item.offset = job->bytes->len;
  g_byte_array_append (job->bytes, certificate.data, (guint)certificate.length);
  g_array_append_val (job->items, item);
  if (job->bytes->len >= JOB_SIZE)
    hand_over (signatures);
}

static int
compare (const void *left, const void *right)
{
  const guint64 *a = left, *b = right;

  return *a < *b ? -1 : *a > *b;
}

void
audit_signatures_judge (AuditSignatures *signatures, AuditResult *result)
{
  hand_over (signatures);
  wait_until (signatures, 0);
  result->checked[AUDIT_SIGNATURES] = signatures->checked;
  g_array_sort (signatures->wrong, compare);
  for (guint i = 0; i < signatures->wrong->len; i++)
    audit_wrong (result, AUDIT_SIGNATURES,
                 AUDIT_ENTRY (g_array_index (signatures->wrong, guint64, i)),
                 "its certificate is not signed by the CA that it names");
  if (signatures->unknown > 0)
    audit_unchecked (result, AUDIT_SIGNATURES, AUDIT_WHOLE ("log"),
                     "of %" G_GUINT64_FORMAT
                     " certificates the CA's own is not there (authorities.pem): their signatures "
                     "were not verified",
                     signatures->unknown);
}
