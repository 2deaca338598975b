/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of Nordic's modem: AT commands to bytes, lines to answers. Pure: no
 * I/O, no state, nothing believed. README.md shows the dialogue and its sources.
 */
#pragma once

#include <glib.h>

#include "drivers/driver.h"

/* Where the device's key, certificate and roots live. */
#define NRF91_SEC_TAG 16842753u

/* %CMNG's types of credential. */
typedef enum {
  NRF91_ROOTS = 0,
  NRF91_CERTIFICATE = 1,
  NRF91_PRIVATE_KEY = 2,
} Nrf91Credential;

/* What the modem holds in one credential. */
#define NRF91_CREDENTIAL_MAX 4096u

/* How commands reach the modem. */
typedef enum {
  NRF91_PLAIN, /* AT… straight to an AT host */
  NRF91_SHELL, /* at 'AT…' through a Zephyr shell */
} Nrf91Host;

/* The bytes that carry `command` (which may hold CR LF inside quotes). Free with g_free(). */
char *nrf91_wrap (Nrf91Host host, const char *command);

/* `line` without terminal escapes, other control bytes and a shell's prompt. Free with g_free(). */
char *nrf91_clean_line (const char *line);

/* How a command ended. */
typedef enum {
  NRF91_GOES_ON,   /* not a final line */
  NRF91_OK,        /* OK */
  NRF91_ERROR,     /* ERROR, without saying why */
  NRF91_CME_ERROR, /* +CME ERROR: n, +CMS ERROR: n */
} Nrf91Result;

/* What the cleaned `line` says about the end of a command; *code is set with NRF91_CME_ERROR. */
Nrf91Result nrf91_result_of (const char *line, guint *code);

/* TRUE where `line` shows a Zephyr shell that does not know the command AT. */
gboolean nrf91_is_shell_complaint (const char *line);

/* Codes of +CME ERROR that are told apart. */
#define NRF91_CME_NOT_FOUND 513
#define NRF91_CME_EXISTS 519

/* The error for +CME ERROR: `code`, in words: "The modem <said no to doing> <what>: …". */
void nrf91_set_cme_error (GError **error, guint code, const char *what);

/* TRUE where `line` is an IMEI: 15 digits, not all equal. */
gboolean nrf91_is_imei (const char *line);

/* TRUE where the last digit of `imei` is its check digit (3GPP TS 23.003, annex B). */
gboolean nrf91_imei_checks_out (const char *imei);

/* TRUE where modem firmware `version` ("mfw_nrf9160_1.3.5") has %KEYGEN: 1.3.0 or newer, or
 * built for NTN. */
gboolean nrf91_firmware_has_keygen (const char *version);

/* RFC 4648 section 5, no padding, and in the one form in which the bytes can be written; NULL
 * where `text` of `length` is anything else. */
GBytes *nrf91_base64url_decode (const char *text, gsize length);

/* The request in `%KEYGEN: "<request>.<COSE>"`, where the COSE message is about that very request
 * and `sec_tag`. NULL with DRIVER_ERROR_GARBLED. */
GBytes *nrf91_parse_keygen (const char *line, guint sec_tag, GError **error);

/* The COSE message of the same line, for whoever wants to check its signature. NULL where there is
 * none. */
GBytes *nrf91_keygen_note (const char *line);

/* Bytes of a challenge in AT%ATTESTTOKEN. */
#define NRF91_CHALLENGE_LENGTH 16u

/* Message and signature in `%ATTESTTOKEN: "<message>.<COSE>"`, undone from base64url alone. FALSE
 * with DRIVER_ERROR_GARBLED. */
gboolean nrf91_parse_token (const char *line, GBytes **message, GBytes **cose, GError **error);

/* The digest in `%CMNG: <sec_tag>,<type>,"<64 hex>"`, raw, or NULL where `line` is not that. */
GBytes *nrf91_parse_digest (const char *line, guint sec_tag, Nrf91Credential type);

/* The proof in `%JWT: "<header>.<payload>.<signature>"`, where the payload's audience is
 * `nonce_hex`. FALSE with DRIVER_ERROR_PROOF. Clear `proof` with proof_clear(). */
gboolean nrf91_parse_jwt (const char *line, const char *nonce_hex, Proof *proof, GError **error);

/* PEM of certificates with CR LF line ends, as the modem is sent them. Free with g_free(). */
char *nrf91_pem_of (GBytes *const *certificates, gsize count);
