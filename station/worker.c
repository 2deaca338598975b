/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See worker.h.
 */
#include "station/worker.h"

struct Worker {
  guint slot;
  Ledger *ledger;
  Issuer *issuer;
  const char *transcript_folder;
  WorkerCallbacks callbacks;
  gpointer data;
  const Driver *familiar; /* whose dialect was spoken in this slot last; the thread's own */
  GAsyncQueue *jobs;      /* of Job; &farewell ends the thread */
  GThread *thread;
};

static Job farewell;

void
job_free (Job *job)
{
  if (job == NULL)
    return;
  order_unref (job->order);
  g_clear_pointer (&job->drivers, g_ptr_array_unref);
  g_free (job->port);
  g_free (job->serial);
  g_free (job->operator_name);
  g_free (job);
}

/* Something that happened, on its way to the main loop. */
typedef struct {
  Worker *worker;
  ProvisionState state; /* strings are our own copies */
  GError *failure;
  gboolean stands;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_free ((char *)news->state.driver);
  g_free ((char *)news->state.device);
  g_free ((char *)news->state.model);
  g_clear_error (&news->failure);
  g_free (news);
}

/* Always through the loop, never at once: only the main thread changes slots. */
static void
post (GSourceFunc tell, News *news)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell, news, news_free);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

static gboolean
tell_progress (gpointer data)
{
  const News *news = data;

  news->worker->callbacks.progress (&news->state, news->worker->data);
  return G_SOURCE_REMOVE;
}

static gboolean
tell_end (gpointer data)
{
  const News *news = data;

  news->worker->callbacks.ended (news->failure, news->worker->data);
  return G_SOURCE_REMOVE;
}

static gboolean
tell_checked (gpointer data)
{
  const News *news = data;

  news->worker->callbacks.checked (news->stands, news->worker->data);
  return G_SOURCE_REMOVE;
}

static void
handle_progress (const ProvisionState *state, gpointer data)
{
  News *news = g_new0 (News, 1);

  news->worker = data;
  news->state = *state;
  news->state.driver = g_strdup (state->driver);
  news->state.device = g_strdup (state->device);
  news->state.model = g_strdup (state->model);
  post (tell_progress, news);
}

static void
run_job (Worker *worker, SignerClient *signer, const Job *job)
{
  const ProvisionContext context = { .ledger = worker->ledger,
                                     .issuer = worker->issuer,
                                     .signer = signer,
                                     .order = job->order,
                                     .slot = worker->slot,
                                     .operator_name = job->operator_name,
                                     .port = job->port,
                                     .driver = job->driver,
                                     .familiar = &worker->familiar,
                                     .drivers = job->drivers,
                                     .baud = job->baud,
                                     .rtscts = job->rtscts,
                                     .serial = job->serial,
                                     .driver_settings = job->driver_settings,
                                     .transcript_folder = worker->transcript_folder,
                                     .deadline = deadline_in (job->seconds * 1000),
                                     .progress = handle_progress,
                                     .data = worker };
  News *news = g_new0 (News, 1);

  news->worker = worker;
  if (job->pass != NULL)
    news->stands = provision_check_pass (&context, job->pass);
  else
    provision (&context, &news->failure);
  post (job->pass != NULL ? tell_checked : tell_end, news);
}

static gpointer
worker_main (gpointer data)
{
  Worker *worker = data;
  g_autoptr (SignerClient) signer = signer_client_new (issuer_socket (worker->issuer));
  Job *job;

  while ((job = g_async_queue_pop (worker->jobs)) != &farewell) {
    run_job (worker, signer, job);
    job_free (job);
  }
  return NULL;
}

Worker *
worker_new (guint slot, Ledger *ledger, Issuer *issuer, const char *transcript_folder,
            const WorkerCallbacks *callbacks, gpointer data)
{
  Worker *worker = g_new0 (Worker, 1);
  g_autofree char *name = g_strdup_printf ("slot-%u", slot);

  worker->slot = slot;
  worker->ledger = ledger;
  worker->issuer = issuer;
  worker->transcript_folder = transcript_folder;
  worker->callbacks = *callbacks;
  worker->data = data;
  worker->jobs = g_async_queue_new ();
  worker->thread = g_thread_new (name, worker_main, worker);
  return worker;
}

void
worker_free (Worker *worker)
{
  if (worker == NULL)
    return;
  g_async_queue_push (worker->jobs, &farewell);
  g_thread_join (worker->thread);
  g_async_queue_unref (worker->jobs);
  g_free (worker);
}

void
worker_run (Worker *worker, Job *job)
{
  g_async_queue_push (worker->jobs, job);
}
