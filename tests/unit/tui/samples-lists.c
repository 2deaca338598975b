/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is in the lists of a sample, newest first.
 */
#include "tests/unit/tui/samples-private.h"
#include "tests/unit/tui/samples.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

#define SHA256 "9c1f4e07b2d85a6310ff42c9e87d5b06a1c3e5f7082b4d6f8091a3b5c7d9ebfd"
#define CERTIFICATE_SHA256 "5a19c20e7731b4d6a8f0c2e4061829b3d5f7a90b1c3d5e7f8a9babbccdde00c2"

void
samples_fill_ca (CaHealth *ca)
{
  ca->subject = g_strdup ("CN=Plant 2 Issuing CA 03,O=Example Devices");
  ca->key = g_strdup ("EC P-384");
  ca->fingerprint = g_strdup (SHA256);
  ca->not_before = SAMPLE_NOW / SECOND - 318 * (DAY / SECOND);
  ca->not_after = SAMPLE_NOW / SECOND + 412 * (DAY / SECOND);
  ca->days_left = 412;
  ca->log_size = 18221;
  ca->log_origin = g_strdup ("keycradle/plant-2/ica-03");
  ca->reachable = TRUE;
}

void
samples_fill_export (ExportLine *line, gint64 at, guint64 rows)
{
  line->at = at;
  line->actor = g_strdup ("WANG");
  line->batch = g_strdup ("240917-B");
  line->format = g_strdup ("csv");
  line->rows = rows;
  line->bytes = rows * 812;
  line->sha256 = g_strdup (SHA256);
}

/* ---- batches ---- */

static void
add_failure (BatchLine *batch, const char *reason, const char *slot, guint count,
             const char *operator_text)
{
  FailureBar *bar = g_new0 (FailureBar, 1);

  bar->reason = g_strdup (reason);
  bar->slot = g_strdup (slot);
  bar->count = count;
  bar->last_at = SAMPLE_NOW - count * MINUTE;
  bar->operator_text = g_strdup (operator_text);
  g_ptr_array_add (batch->failures, bar);
}

static void
fill_failures (BatchLine *batch)
{
  batch->failures = g_ptr_array_new_with_free_func ((GDestroyNotify)failure_bar_free);
  add_failure (batch, "no-answer", "7", 3,
               "The unit does not answer. Check that it has power and sits firmly, then put it in "
               "again; if it fails again, put it with the rejected ones.");
  add_failure (batch, "no-answer", "2", 1,
               "The unit does not answer. Check that it has power and sits firmly, then put it in "
               "again; if it fails again, put it with the rejected ones.");
  add_failure (batch, "read-back", "4", 2,
               "This unit did not show the identity that it was given. Try it once more; if it "
               "fails again, put it with the rejected ones.");
  add_failure (batch, "duplicate-key", "2", 1,
               "Another unit has the same key. Keep this unit apart and call the supervisor.");
}

static BatchLine *
add_batch (Model *model, const char *name, const char *product, const char *state, guint target)
{
  BatchLine *batch = g_new0 (BatchLine, 1);

  batch->name = g_strdup (name);
  batch->product = g_strdup (product);
  batch->profile = g_strdup ("aws-iot");
  batch->state = g_strdup (state);
  batch->target = target;
  batch->created_at = SAMPLE_NOW - 6 * 60 * MINUTE - (gint64)model->batches->len * DAY;
  batch->created_by = g_strdup ("WANG");
  g_ptr_array_add (model->batches, batch);
  return batch;
}

static void
set_counts (BatchLine *batch, guint passed, guint failed, guint first_failed)
{
  batch->passed = passed;
  batch->failed = failed;
  batch->attempts = passed + failed;
  batch->devices = passed + 2;
  batch->first_passed = passed - (failed - first_failed);
  batch->first_failed = first_failed;
}

static void
fill_batches (Model *model)
{
  BatchLine *running = add_batch (model, "240917-B", "AC-24 rev C", "running", 500);
  BatchLine *paused;

  set_counts (running, 405, 7, 6);
  running->passed_last_hour = running->pace_passed = 118;
  running->pace_since = SAMPLE_NOW - G_TIME_SPAN_HOUR;
  running->cycle_time = 27 * SECOND;
  running->serial_scan = TRUE;
  running->serial_pattern = g_strdup ("AC24-[0-9]{6}");
  fill_failures (running);
  add_batch (model, "240918-A", "AC-24 rev C", "created", 500);
  paused = add_batch (model, "240916-C", "AC-24 rev B", "paused", 200);
  set_counts (paused, 120, 3, 3);
  set_counts (add_batch (model, "240915-A", "Gateway G2", "closed", 60), 60, 1, 1);
}

/* ---- what was done ---- */

static void
add_event (Model *model, gint64 age, const char *actor, const char *kind, const char *subject,
           const char *detail)
{
  EventLine *event = g_new0 (EventLine, 1);

  event->id = 18221 - model->events->len;
  event->at = SAMPLE_NOW - age;
  event->actor = g_strdup (actor);
  event->kind = g_strdup (kind);
  event->subject = g_strdup (subject);
  event->detail = g_strdup (detail);
  g_ptr_array_add (model->events, event);
}

static void
fill_events (Model *model)
{
  add_event (model, 9 * SECOND, "MEI", "slot-acknowledge", "slot 7", "no-answer");
  add_event (model, 3 * MINUTE, "WANG", "slot-disable", "slot 8", "pogo pin broken");
  add_event (model, 50 * MINUTE, "MEI", "operator-sign-in", "MEI", NULL);
  add_event (model, 82 * MINUTE, "WANG", "export", "240917-B", "csv, 391 rows");
  add_event (model, 350 * MINUTE, "WANG", "batch-start", "240917-B", NULL);
  add_event (model, 360 * MINUTE, "WANG", "batch-create", "240917-B", "AC-24 rev C, 500 units");
}

static void
add_step (AttemptLine *attempt, const char *step, double seconds)
{
  StepTime *time = g_new0 (StepTime, 1);

  time->step = g_strdup (step);
  time->at = attempt->started_at + (gint64)(seconds * (double)SECOND);
  g_ptr_array_add (attempt->steps, time);
}

static AttemptLine *
new_attempt (gint64 id, const char *device, gint64 age, const char *result)
{
  AttemptLine *attempt = g_new0 (AttemptLine, 1);

  attempt->id = id;
  attempt->slot = g_strdup ("2");
  attempt->batch = g_strdup ("240917-B");
  attempt->device = g_strdup (device);
  attempt->driver = g_strdup ("nrf91");
  attempt->operator_name = g_strdup ("MEI");
  attempt->started_at = SAMPLE_NOW - age;
  attempt->ended_at = SAMPLE_NOW - age + 26 * SECOND;
  attempt->result = g_strdup (result);
  attempt->step = g_strdup ("record");
  return attempt;
}

static void
fail_attempt (AttemptLine *attempt)
{
  g_free (attempt->step);
  attempt->step = g_strdup ("check-key");
  attempt->ended_at = attempt->started_at + 9 * SECOND + 400000;
  attempt->reason = g_strdup ("duplicate-key");
  attempt->operator_text =
      g_strdup ("Another unit has the same key. Keep this unit apart and call the supervisor.");
  attempt->detail = g_strdup ("key of AC24-000399, verified in slot 5 at 13:02");
}

static void
fill_attempts (Model *model)
{
  AttemptLine *failed = new_attempt (802, "AC24-000414", 14 * SECOND, "failed");

  fail_attempt (failed);
  g_ptr_array_add (model->attempts, failed);
  g_ptr_array_add (model->attempts, new_attempt (801, "AC24-000413", 31 * SECOND, "passed"));
  g_ptr_array_add (model->attempts, new_attempt (800, "AC24-000412", 58 * SECOND, "passed"));
  g_ptr_array_add (model->attempts, new_attempt (799, "AC24-000411", 90 * SECOND, "interrupted"));
}

/* ---- one unit ---- */

static DeviceLine *
new_device (void)
{
  DeviceLine *device = g_new0 (DeviceLine, 1);

  device->serial = g_strdup ("AC24-000413");
  device->chip_id = g_strdup ("24:6f:28:aa:10:3c");
  device->batch = g_strdup ("240917-B");
  device->driver = g_strdup ("nrf91");
  device->model = g_strdup ("AC-24");
  device->firmware = g_strdup ("1.4.2");
  device->state = g_strdup ("passed");
  device->created_at = SAMPLE_NOW - 12 * MINUTE;
  device->attempts = 2;
  device->certificate = g_strdup (CERTIFICATE_SHA256);
  return device;
}

static CertificateLine *
new_certificate (void)
{
  CertificateLine *certificate = g_new0 (CertificateLine, 1);

  certificate->device = g_strdup ("AC24-000413");
  certificate->batch = g_strdup ("240917-B");
  certificate->profile = g_strdup ("aws-iot");
  certificate->serial_number = g_strdup ("5a19c20e7731b4d6a8f0c2e4061829b3");
  certificate->sha256 = g_strdup (CERTIFICATE_SHA256);
  certificate->sha1 = g_strdup ("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c");
  certificate->spki_sha256 = g_strdup (SHA256);
  certificate->subject = g_strdup ("CN=AC24-000413,O=Example Devices");
  certificate->issuer = g_strdup ("CN=Plant 2 Issuing CA 03,O=Example Devices");
  certificate->key = g_strdup ("EC P-256");
  certificate->not_before = SAMPLE_NOW / SECOND - 3600;
  certificate->not_after = SAMPLE_NOW / SECOND + 7300 * (DAY / SECOND);
  certificate->state = g_strdup ("verified");
  certificate->status = g_strdup ("ACTIVE");
  certificate->log_index = 18207;
  certificate->issued_at = SAMPLE_NOW - 22 * SECOND;
  certificate->verified_at = SAMPLE_NOW - 5 * SECOND;
  return certificate;
}

static void
fill_steps (AttemptLine *attempt)
{
  static const struct {
    const char *step;
    double seconds;
  } times[] = { { "open", 0 },           { "identify", 0.2 }, { "register", 0.6 },
                { "generate-key", 0.7 }, { "read-csr", 9.1 }, { "check-key", 9.4 },
                { "sign", 9.5 },         { "store", 9.6 },    { "install", 9.7 },
                { "read-back", 20.3 },   { "prove", 24.8 },   { "record", 25.9 } };

  attempt->steps = g_ptr_array_new_with_free_func ((GDestroyNotify)step_time_free);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    add_step (attempt, times[i].step, times[i].seconds);
  attempt->transcript =
      g_strdup ("> AT\n< OK\n> AT+CGMR\n< mfw_nrf9160_1.3.5\n< OK\n"
                "> AT%KEYGEN=50,2,0\n< %KEYGEN: \"2dn3hQFQUDYxVDkxRPCAIhIbZAFi\"\n"
                "< OK\n");
}

static void
fill_detail (Model *model)
{
  DeviceDetail *detail = &model->detail;
  AttemptLine *passed = new_attempt (801, "AC24-000413", 31 * SECOND, "passed");
  AttemptLine *failed = new_attempt (790, "AC24-000413", 12 * MINUTE, "failed");

  detail->wanted = g_strdup ("AC24-000413");
  detail->device = new_device ();
  detail->certificate = new_certificate ();
  fill_steps (passed);
  fail_attempt (failed);
  if (detail->attempts == NULL)
    detail->attempts = g_ptr_array_new_with_free_func ((GDestroyNotify)attempt_line_free);
  g_ptr_array_add (detail->attempts, passed);
  g_ptr_array_add (detail->attempts, failed);
}

/* ---- the rest ---- */

static void
fill_exports (Model *model)
{
  ExportLine *newest = g_new0 (ExportLine, 1);
  ExportLine *older = g_new0 (ExportLine, 1);
  FormatCount *count = g_new0 (FormatCount, 1);

  samples_fill_export (newest, SAMPLE_NOW - 82 * MINUTE, 391);
  samples_fill_export (older, SAMPLE_NOW - 200 * MINUTE, 212);
  g_ptr_array_add (model->exports, newest);
  g_ptr_array_add (model->exports, older);
  *count = (FormatCount){ g_strdup ("csv"), g_strdup ("240917-B"), 405, 14 };
  g_ptr_array_add (model->counts, count);
}

static void
add_operator (Model *model, const char *name, const char *role)
{
  OperatorLine *line = g_new0 (OperatorLine, 1);

  line->name = g_strdup (name);
  line->role = g_strdup (role);
  line->language = g_strdup ("en");
  line->enabled = TRUE;
  g_ptr_array_add (model->operators, line);
}

static void
fill_profile (Model *model)
{
  static const char *const keys[] = { "p-256", "rsa-2048", NULL };
  ProfileLine *profile = g_new0 (ProfileLine, 1);

  profile->name = g_strdup ("aws-iot");
  profile->subject = g_strdup ("CN={serial},O=Example Devices");
  profile->keys = g_strdupv ((char **)keys);
  g_ptr_array_add (model->profiles, profile);
}

void
samples_fill_lists (Model *model)
{
  fill_batches (model);
  fill_events (model);
  fill_attempts (model);
  fill_detail (model);
  fill_exports (model);
  fill_profile (model);
  add_operator (model, "MEI", "operator");
  add_operator (model, "LI", "operator");
  add_operator (model, "WANG", "supervisor");
  g_ptr_array_add (model->formats, g_strdup ("aws"));
  g_ptr_array_add (model->formats, g_strdup ("csv"));
  g_ptr_array_add (model->formats, g_strdup ("jsonl"));
}
