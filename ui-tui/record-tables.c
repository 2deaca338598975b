/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which key of the daemon's records (docs/api.md) goes to which member of the model.
 */
#include "ui-tui/model.h"
#include "ui-tui/record.h"

#define TEXT(key, type, name)                                                                      \
  {                                                                                                \
    key, RECORD_TEXT, G_STRUCT_OFFSET (type, name), NULL, NULL                                     \
  }
#define LINES(key, type, name)                                                                     \
  {                                                                                                \
    key, RECORD_LINES, G_STRUCT_OFFSET (type, name), NULL, NULL                                    \
  }
#define WORDS(key, type, name)                                                                     \
  {                                                                                                \
    key, RECORD_WORDS, G_STRUCT_OFFSET (type, name), NULL, NULL                                    \
  }
#define NUMBER(key, type, name)                                                                    \
  {                                                                                                \
    key, RECORD_NUMBER, G_STRUCT_OFFSET (type, name), NULL, NULL                                   \
  }
#define LARGE(key, type, name)                                                                     \
  {                                                                                                \
    key, RECORD_LARGE, G_STRUCT_OFFSET (type, name), NULL, NULL                                    \
  }
#define TIME(key, type, name)                                                                      \
  {                                                                                                \
    key, RECORD_TIME, G_STRUCT_OFFSET (type, name), NULL, NULL                                     \
  }
#define FLAG(key, type, name)                                                                      \
  {                                                                                                \
    key, RECORD_FLAG, G_STRUCT_OFFSET (type, name), NULL, NULL                                     \
  }
#define CHOICE(key, type, name, words)                                                             \
  {                                                                                                \
    key, RECORD_CHOICE, G_STRUCT_OFFSET (type, name), NULL, words                                  \
  }
#define INSIDE(key, type, name, table)                                                             \
  {                                                                                                \
    key, RECORD_INSIDE, G_STRUCT_OFFSET (type, name), &(table), NULL                               \
  }
#define LIST(key, type, name, table)                                                               \
  {                                                                                                \
    key, RECORD_LIST, G_STRUCT_OFFSET (type, name), &(table), NULL                                 \
  }
#define END                                                                                        \
  {                                                                                                \
    NULL, RECORD_TEXT, 0, NULL, NULL                                                               \
  }

/* Defines NAME_table for struct TYPE, whose fields are in NAME_fields, and its TYPE's free. */
#define TABLE(name, type)                                                                          \
  static void free_##name (void *item)                                                             \
  {                                                                                                \
    record_clear (&name##_table, item);                                                            \
    g_free (item);                                                                                 \
  }                                                                                                \
  const RecordTable name##_table = { sizeof (type), name##_fields, free_##name }

static const char *const tile_states[] = { "empty", "waiting",  "working", "pass",
                                           "fail",  "disabled", NULL };

static const RecordField tile_fields[] = {
  NUMBER ("slot", Tile, number),
  CHOICE ("state", Tile, state, tile_states),
  FLAG ("enabled", Tile, enabled),
  FLAG ("present", Tile, present),
  FLAG ("acknowledged", Tile, acknowledged),
  TEXT ("disabled-reason", Tile, disabled_reason),
  TEXT ("waiting-for", Tile, waiting_for),
  TEXT ("bound-serial", Tile, bound_serial),
  TEXT ("port", Tile, port),
  TEXT ("binding", Tile, binding),
  TEXT ("driver", Tile, driver),
  TEXT ("device", Tile, device),
  TEXT ("model", Tile, model),
  TEXT ("batch", Tile, batch),
  TIME ("attempt", Tile, attempt),
  TEXT ("step", Tile, step),
  NUMBER ("step-number", Tile, step_number),
  NUMBER ("steps", Tile, steps),
  TIME ("started-at", Tile, started_at),
  TIME ("ended-at", Tile, ended_at),
  TEXT ("reason", Tile, reason),
  TEXT ("operator-text", Tile, operator_text),
  TEXT ("detail", Tile, detail),
  NUMBER ("passed", Tile, passed),
  NUMBER ("failed", Tile, failed),
  END,
};
TABLE (tile, Tile);

static const RecordField failure_fields[] = {
  TEXT ("reason", FailureBar, reason),
  TEXT ("slot", FailureBar, slot),
  NUMBER ("count", FailureBar, count),
  TIME ("last-at", FailureBar, last_at),
  TEXT ("operator-text", FailureBar, operator_text),
  END,
};
TABLE (failure, FailureBar);

static const RecordField batch_fields[] = {
  TEXT ("name", BatchLine, name),
  TEXT ("product", BatchLine, product),
  TEXT ("profile", BatchLine, profile),
  TEXT ("kind", BatchLine, kind),
  TEXT ("state", BatchLine, state),
  NUMBER ("target", BatchLine, target),
  NUMBER ("passed", BatchLine, passed),
  NUMBER ("failed", BatchLine, failed),
  NUMBER ("attempts", BatchLine, attempts),
  NUMBER ("devices", BatchLine, devices),
  NUMBER ("first-passed", BatchLine, first_passed),
  NUMBER ("first-failed", BatchLine, first_failed),
  NUMBER ("passed-last-hour", BatchLine, passed_last_hour),
  NUMBER ("pace-passed", BatchLine, pace_passed),
  TIME ("pace-since", BatchLine, pace_since),
  TIME ("cycle-time", BatchLine, cycle_time),
  FLAG ("serial-scan", BatchLine, serial_scan),
  TEXT ("serial-pattern", BatchLine, serial_pattern),
  TEXT ("serial-prefix", BatchLine, serial_prefix),
  LARGE ("serial-first", BatchLine, serial_first),
  LARGE ("serial-last", BatchLine, serial_last),
  NUMBER ("serial-width", BatchLine, serial_width),
  LARGE ("ticket", BatchLine, ticket),
  NUMBER ("ticket-count", BatchLine, ticket_count),
  NUMBER ("ticket-remaining", BatchLine, ticket_remaining),
  TIME ("created-at", BatchLine, created_at),
  TEXT ("created-by", BatchLine, created_by),
  LIST ("failures", BatchLine, failures, failure_table),
  END,
};
TABLE (batch, BatchLine);

static const RecordField authority_fields[] = {
  TEXT ("name", AuthorityLine, name),
  TEXT ("subject", AuthorityLine, subject),
  TEXT ("problem", AuthorityLine, problem),
  WORDS ("warnings", AuthorityLine, warnings),
  END,
};
TABLE (authority, AuthorityLine);

static const RecordField ca_fields[] = {
  TEXT ("subject", CaHealth, subject),
  TEXT ("key", CaHealth, key),
  TEXT ("fingerprint", CaHealth, fingerprint),
  TIME ("not-before", CaHealth, not_before),
  TIME ("not-after", CaHealth, not_after),
  TIME ("days-left", CaHealth, days_left),
  FLAG ("demo", CaHealth, demo),
  LARGE ("log-size", CaHealth, log_size),
  TEXT ("log-origin", CaHealth, log_origin),
  FLAG ("reachable", CaHealth, reachable),
  TEXT ("problem", CaHealth, problem),
  LIST ("cas", CaHealth, authorities, authority_table),
  END,
};
TABLE (ca, CaHealth);

static const RecordField export_fields[] = {
  TIME ("at", ExportLine, at),
  TEXT ("actor", ExportLine, actor),
  TEXT ("batch", ExportLine, batch),
  TEXT ("format", ExportLine, format),
  FLAG ("new-only", ExportLine, new_only),
  LARGE ("rows", ExportLine, rows),
  LARGE ("bytes", ExportLine, bytes),
  TEXT ("sha256", ExportLine, sha256),
  END,
};
TABLE (export, ExportLine);

static const RecordField health_fields[] = {
  TEXT ("station", Health, station),
  TEXT ("version", Health, version),
  TEXT ("mode", Health, mode),
  TIME ("started-at", Health, started_at),
  TEXT ("batch", Health, batch),
  TEXT ("role", Health, role),
  TEXT ("user", Health, user),
  TEXT ("operator", Health, operator_name),
  TEXT ("authorized", Health, authorized),
  TEXT ("operator-language", Health, operator_language),
  TEXT ("auditor", Health, auditor),
  NUMBER ("operators", Health, operators),
  NUMBER ("approvals-waiting", Health, approvals),
  TEXT ("next-serial", Health, next_serial),
  LARGE ("disk-free", Health, disk_free),
  LARGE ("disk-size", Health, disk_size),
  TEXT ("clock", Health, clock),
  TEXT ("ledger", Health, ledger),
  TEXT ("transcripts", Health, transcripts),
  LARGE ("keys-seen", Health, keys_seen),
  LARGE ("keys-checked", Health, keys_checked),
  LARGE ("weak-units", Health, weak_units),
  TEXT ("keys-problem", Health, keys_problem),
  WORDS ("warnings", Health, warnings),
  WORDS ("alarms", Health, alarms),
  INSIDE ("ca", Health, ca, ca_table),
  INSIDE ("last-export", Health, last_export, export_table),
  END,
};
TABLE (health, Health);

static const RecordField count_fields[] = {
  TEXT ("name", FormatCount, format),
  TEXT ("batch", FormatCount, batch),
  LARGE ("units", FormatCount, units),
  LARGE ("new-units", FormatCount, new_units),
  END,
};
TABLE (count, FormatCount);

static const RecordField device_fields[] = {
  TEXT ("serial", DeviceLine, serial),
  TEXT ("chip-id", DeviceLine, chip_id),
  TEXT ("batch", DeviceLine, batch),
  TEXT ("driver", DeviceLine, driver),
  TEXT ("model", DeviceLine, model),
  TEXT ("firmware", DeviceLine, firmware),
  TEXT ("state", DeviceLine, state),
  TIME ("created-at", DeviceLine, created_at),
  NUMBER ("attempts", DeviceLine, attempts),
  TEXT ("certificate", DeviceLine, certificate),
  END,
};
TABLE (device, DeviceLine);

static const RecordField step_fields[] = {
  TEXT ("step", StepTime, step),
  TIME ("at", StepTime, at),
  END,
};
TABLE (step, StepTime);

static const RecordField attempt_fields[] = {
  TIME ("id", AttemptLine, id),
  TEXT ("slot", AttemptLine, slot),
  TEXT ("batch", AttemptLine, batch),
  TEXT ("device", AttemptLine, device),
  TEXT ("driver", AttemptLine, driver),
  TEXT ("operator", AttemptLine, operator_name),
  TIME ("started-at", AttemptLine, started_at),
  TIME ("ended-at", AttemptLine, ended_at),
  TEXT ("result", AttemptLine, result),
  TEXT ("step", AttemptLine, step),
  TEXT ("reason", AttemptLine, reason),
  TEXT ("operator-text", AttemptLine, operator_text),
  TEXT ("detail", AttemptLine, detail),
  LINES ("transcript", AttemptLine, transcript),
  LIST ("steps", AttemptLine, steps, step_table),
  END,
};
TABLE (attempt, AttemptLine);

static const RecordField certificate_fields[] = {
  TEXT ("device", CertificateLine, device),
  TEXT ("batch", CertificateLine, batch),
  TEXT ("profile", CertificateLine, profile),
  TEXT ("serial-number", CertificateLine, serial_number),
  TEXT ("sha256", CertificateLine, sha256),
  TEXT ("sha1", CertificateLine, sha1),
  TEXT ("spki-sha256", CertificateLine, spki_sha256),
  TEXT ("subject", CertificateLine, subject),
  TEXT ("issuer", CertificateLine, issuer),
  TEXT ("key", CertificateLine, key),
  TIME ("not-before", CertificateLine, not_before),
  TIME ("not-after", CertificateLine, not_after),
  TEXT ("state", CertificateLine, state),
  TEXT ("status", CertificateLine, status),
  TEXT ("void-reason", CertificateLine, void_reason),
  LARGE ("log-index", CertificateLine, log_index),
  TIME ("issued-at", CertificateLine, issued_at),
  TIME ("verified-at", CertificateLine, verified_at),
  WORDS ("registrations", CertificateLine, registrations),
  END,
};
TABLE (certificate, CertificateLine);

static const RecordField event_fields[] = {
  TIME ("id", EventLine, id),
  TIME ("at", EventLine, at),
  TEXT ("actor", EventLine, actor),
  TEXT ("kind", EventLine, kind),
  TEXT ("subject", EventLine, subject),
  TEXT ("detail", EventLine, detail),
  END,
};
TABLE (event, EventLine);

static const RecordField operator_fields[] = {
  TEXT ("name", OperatorLine, name),         TEXT ("role", OperatorLine, role),
  TEXT ("language", OperatorLine, language), FLAG ("enabled", OperatorLine, enabled),
  FLAG ("pin", OperatorLine, pin),           END,
};
TABLE (operator, OperatorLine);

static const RecordField profile_fields[] = {
  TEXT ("name", ProfileLine, name),
  TEXT ("subject", ProfileLine, subject),
  WORDS ("keys", ProfileLine, keys),
  END,
};
TABLE (profile, ProfileLine);

/* ---- what model.h offers ---- */

void
tile_free (Tile *tile)
{
  free_tile (tile);
}

void
failure_bar_free (FailureBar *bar)
{
  free_failure (bar);
}

void
batch_line_free (BatchLine *batch)
{
  free_batch (batch);
}

void
device_line_free (DeviceLine *device)
{
  free_device (device);
}

void
step_time_free (StepTime *step)
{
  free_step (step);
}

void
attempt_line_free (AttemptLine *attempt)
{
  free_attempt (attempt);
}

void
certificate_line_free (CertificateLine *certificate)
{
  free_certificate (certificate);
}

void
event_line_free (EventLine *event)
{
  free_event (event);
}

void
export_line_free (ExportLine *line)
{
  free_export (line);
}

void
format_count_free (FormatCount *count)
{
  free_count (count);
}

void
operator_line_free (OperatorLine *line)
{
  free_operator (line);
}

void
profile_line_free (ProfileLine *line)
{
  free_profile (line);
}

void
health_clear (Health *health)
{
  record_clear (&health_table, health);
}
