/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of Zephyr's `cred`, Nordic's `nrf_cloud_cred` and the `hwinfo` and `kernel` commands.
 * Pure: no I/O, no state. README.md shows the dialogue and its sources.
 */
#pragma once

#include <glib.h>

#include "drivers/driver.h"

/* The longest line that fits the shell's buffer of 256 bytes (CONFIG_SHELL_CMD_BUFF_SIZE), and the
 * byte that ends it. */
#define ZEPHYR_LINE_MAX 254u
#define ZEPHYR_LINE_END "\r"

/* Clears the shell's input line; ends "cred buf load" too. */
#define ZEPHYR_INTERRUPT "\003"

/* How much of a line may be under way: what fits the 64 bytes that the shell's UART buffers
 * (CONFIG_SHELL_BACKEND_SERIAL_RX_RING_BUFFER_SIZE), with some to spare. */
#define ZEPHYR_PIECE_MAX 48u

/* How much base64 goes into one "cred buf": a multiple of 4. */
#define ZEPHYR_CHUNK_MAX 240u

/* TRUE where `line` may be sent: printable ASCII that fits the shell's buffer. */
gboolean zephyr_line_fits (const char *line);

/* TRUE where a line of `answer` starts with `text`. */
gboolean zephyr_says (const char *answer, const char *text);

/* TRUE where `answer` says that there is no such command. */
gboolean zephyr_knows_no_such_command (const char *answer);

/* The first line of `answer` that says anything, for people; "" where there is none. Free with
 * g_free(). */
char *zephyr_first_line (const char *answer);

/* The chip's id in lower-case hex from the answer to "hwinfo devid", 1 to 16 bytes; NULL where it
 * is none or all its bits are equal. Free with g_free(). */
char *zephyr_chip_id (const char *answer);

/* The version from "Zephyr version 3.7.99", or NULL. Free with g_free(). */
char *zephyr_version (const char *answer);

/* The bytes in "`prefix`BASE64", a line of `answer`; NULL where there is no such line or it is no
 * base64. Unref with g_bytes_unref(). */
GBytes *zephyr_base64_line (const char *answer, const char *prefix);

/* What "cred get TAG TYPE bin" shows: base64 in lines, each of them complete. NULL where it is
 * not. */
GBytes *zephyr_shown_bytes (const char *answer);

/* How a certificate is kept: DER, or PEM with a NUL behind it, which mbedTLS needs. */
typedef enum {
  ZEPHYR_DER,
  ZEPHYR_PEM,
} ZephyrForm;

/* The bytes that are kept for `certificates` (of GBytes, DER). NULL where DER is asked for and
 * there are several: only PEM can hold them in one place. */
GBytes *zephyr_keep (const GPtrArray *certificates, ZephyrForm form);

/* The one certificate in what was kept, or NULL where it is not exactly what zephyr_keep()
 * makes. */
GBytes *zephyr_kept (GBytes *kept);

/* How many characters of base64 `kept` takes on its way; for PEM without its NUL, which the device
 * adds. */
gsize zephyr_base64_length (GBytes *kept, ZephyrForm form);

/* The digest of `kept` as "cred list" shows it: base64 of SHA-256. Free with g_free(). */
char *zephyr_digest (GBytes *kept);

/* TRUE where "cred list" shows a line of `sec_tag` and `type` ("CA", "SERV") with `digest` and no
 * error. */
gboolean zephyr_lists (const char *answer, const char *sec_tag, const char *type,
                       const char *digest);
