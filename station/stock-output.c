/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stock-output.h.
 */
#include "station/stock-output.h"

#include <gio/gio.h>
#include <sys/resource.h>

#include "base/files.h"

#define LOW_PRIORITY 10 /* nice */

gboolean
stock_output_flush (StockOutput *output, GError **error)
{
  gboolean written;

  if (g_atomic_int_get (output->stopping)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the station is stopping");
    return FALSE;
  }
  written = fd_write_for_reader (output->fd, output->text->str, output->text->len, READER_PATIENCE,
                                 error);
  g_string_truncate (output->text, 0);
  return written;
}

typedef struct {
  GThreadFunc work;
  gpointer data;
} LowJob;

/* setpriority() is of this thread alone, on Linux; the thread ends with the job. */
static gpointer
run_low (gpointer data)
{
  const LowJob *job = data;

  setpriority (PRIO_PROCESS, 0, LOW_PRIORITY);
  return job->work (job->data);
}

void
stock_run_threads (guint count, GThreadFunc work, gpointer data)
{
  LowJob job = { work, data };
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (threads, g_thread_new ("stock", run_low, &job));
  for (guint i = 0; i < count; i++)
    g_thread_join (g_ptr_array_index (threads, i));
}
