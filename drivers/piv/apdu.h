/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bytes of a PIV card: command APDUs and their answers (ISO/IEC 7816-4; NIST SP 800-73-4,
 * part 2), and the BER-TLV inside them. Pure.
 */
#pragma once

#include "drivers/driver.h"

/* The most that one command or answer may hold over all its parts: a certificate object has 3 KiB
 * on most cards. */
#define PIV_DATA_MAX (16u * 1024)

typedef enum {
  PIV_VERIFY = 0x20,
  PIV_GENERATE = 0x47,
  PIV_AUTHENTICATE = 0x87,
  PIV_SELECT = 0xa4,
  PIV_GET_RESPONSE = 0xc0,
  PIV_GET_DATA = 0xcb,
  PIV_PUT_DATA = 0xdb,
  /* Yubico's (https://docs.yubico.com/yesdk/users-manual/application-piv/apdu/) */
  PIV_GET_METADATA = 0xf7,
  PIV_GET_SERIAL = 0xf8,
  PIV_ATTEST = 0xf9,
  PIV_GET_VERSION = 0xfd,
} PivInstruction;

/* Status words (SP 800-73-4, part 2, 3; ISO/IEC 7816-4, 5.6). */
#define PIV_STATUS_DONE 0x9000
#define PIV_STATUS_SECURITY 0x6982
#define PIV_STATUS_BLOCKED 0x6983
#define PIV_STATUS_BAD_DATA 0x6a80
#define PIV_STATUS_NO_FUNCTION 0x6a81
#define PIV_STATUS_NOT_FOUND 0x6a82
#define PIV_STATUS_NO_ROOM 0x6a84
#define PIV_STATUS_BAD_PARAMETER 0x6a86
#define PIV_STATUS_NO_REFERENCE 0x6a88
#define PIV_STATUS_NO_INSTRUCTION 0x6d00

/* Algorithm identifiers (SP 800-78-4, table 6-2; 05 and 16 as Yubico and SP 800-78-5 have them). */
typedef enum {
  PIV_TRIPLE_DES = 0x03,
  PIV_RSA_3072 = 0x05,
  PIV_RSA_1024 = 0x06,
  PIV_RSA_2048 = 0x07,
  PIV_AES_128 = 0x08,
  PIV_AES_192 = 0x0a,
  PIV_AES_256 = 0x0c,
  PIV_P256 = 0x11,
  PIV_P384 = 0x14,
  PIV_RSA_4096 = 0x16,
} PivAlgorithm;

typedef struct {
  PivInstruction instruction;
  guint8 p1;
  guint8 p2;
  const guint8 *data;
  gsize length;          /* at most PIV_DATA_MAX */
  gboolean wants_answer; /* data is expected beside the status word */
} PivCommand;

/* How many APDUs the command takes; all but the last have the chaining bit (ISO/IEC 7816-4,
 * 5.3.3). */
guint piv_command_parts (const PivCommand *command);

/* The APDU number `part`, counted from 0. */
GByteArray *piv_command_part (const PivCommand *command, guint part);

/* Cuts an answer APDU into data, which is appended, and status word. FALSE where it does not end in
 * a status word (6XXX or 9XXX: ISO/IEC 7816-4, 5.6), or where `data` would outgrow PIV_DATA_MAX. */
gboolean piv_answer_split (const guint8 *apdu, gsize length, GByteArray *data, guint16 *status);

/* A stretch of an answer. */
typedef struct {
  const guint8 *data;
  gsize length;
} PivValue;

/* The value of the first `tag` (one byte, or two as 0x7f49) among the values that stand in `in` one
 * behind the other. FALSE where there is none, or where a length before it lies. */
gboolean piv_find (PivValue in, guint tag, PivValue *value);

/* The public key in an answer to GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4, part 2, 3.3.2): what
 * signs with it, and its SubjectPublicKeyInfo. */
typedef struct {
  PivAlgorithm algorithm;
  GBytes *info;
} PivKey;

gboolean piv_key_parse (PivValue answer, PivKey *key);
void piv_key_clear (PivKey *key);

/* TRUE where the answer to SELECT is a PIV application's. */
gboolean piv_is_selected (PivValue answer);

/* The certificate in a certificate object as GET DATA shows it (SP 800-73-4, part 1, appendix A),
 * or NULL. */
GBytes *piv_certificate_parse (PivValue object);

/* The card's GUID in a CHUID object (SP 800-73-4, part 1, 3.1.2) as 32 digits of hex, or NULL where
 * it has none. Free with g_free(). */
char *piv_guid_parse (PivValue object);

/* "9a", "9c", "9d", "9e", "82" … "95" as a key reference, and the data object of its certificate
 * (SP 800-73-4, part 1, tables 3 and 4b); FALSE for anything else. */
gboolean piv_slot_parse (const char *word, guint8 *slot, guint32 *object);

/* What is wrong, in words, for a status word that is not PIV_STATUS_DONE. Free with g_free(). */
char *piv_status_text (guint16 status);

/* Which algorithm makes and uses keys of `kind`; FALSE where PIV has none. */
gboolean piv_algorithm_of (KeyKind kind, PivAlgorithm *algorithm);

/* Bytes of an RSA algorithm's modulus; 0 for the others. */
gsize piv_modulus_length (PivAlgorithm algorithm);
