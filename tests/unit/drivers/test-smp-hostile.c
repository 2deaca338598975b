/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver against devices that lie: answers with the right header and a wrong
 * body, late answers, answers to nobody.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/smp/exchange.h"

#define SOON deadline_in (20000)

/* What every session begins with: {"ver": 1, "buf": 256, "keys": ["p-256"], "what": ["cert"]}. */
#define CAPABILITIES "a463766572016362756619010064 6b657973816570 2d3235366477686174816463657274"

/* A device that answers the nth question with the nth body. */
typedef struct {
  const char *const *bodies; /* hex with blanks, NULL-ended */
  GByteArray *out;
  guint8 sequence_off; /* how far its sequence numbers are off */
  gboolean late;       /* before each answer comes another one with a wrong sequence number */
} Liar;

static void
say (Liar *liar, const guint8 *request, guint8 sequence, const char *hex)
{
  g_auto (GStrv) parts = g_strsplit (hex, " ", -1);
  g_autofree char *joined = g_strjoinv ("", parts);
  g_autoptr (GBytes) body = hex_decode (joined);
  gsize length = g_bytes_get_size (body);
  guint8 *packet = g_malloc (SMP_HEADER_LENGTH + length);

  memcpy (packet, request, SMP_HEADER_LENGTH);
  packet[0]++;
  packet[2] = (guint8)(length >> 8);
  packet[3] = (guint8)length;
  packet[6] = sequence;
  memcpy (packet + SMP_HEADER_LENGTH, g_bytes_get_data (body, NULL), length);
  g_autoptr (GBytes) bytes = g_bytes_new_take (packet, SMP_HEADER_LENGTH + length);
  g_autoptr (GBytes) frames = smp_frames_new (bytes);
  g_byte_array_append (liar->out, g_bytes_get_data (frames, NULL),
                       (guint)g_bytes_get_size (frames));
}

static gboolean
liar_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Liar *liar = channel;
  g_auto (SmpAssembly) assembly = { 0 };
  const guint8 *end = memchr (data, '\n', length);

  smp_assembly_init (&assembly);
  smp_assembly_take (&assembly, data, (gsize)(end - data)); /* the first frame has the header */
  g_assert (assembly.packet->len >= SMP_HEADER_LENGTH);
  guint8 sequence = (guint8)(assembly.packet->data[6] + liar->sequence_off);
  if (*liar->bodies == NULL)
    return TRUE;
  if (liar->late)
    say (liar, assembly.packet->data, (guint8)(sequence - 1), "a1627263 01");
  say (liar, assembly.packet->data, sequence, *liar->bodies++);
  return TRUE;
}

static gboolean
liar_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  Liar *liar = channel;

  *got = MIN (length, liar->out->len);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "nothing more");
    return FALSE;
  }
  memcpy (data, liar->out->data, *got);
  g_byte_array_remove_range (liar->out, 0, (guint)*got);
  return TRUE;
}

static void
liar_nothing (gpointer channel)
{
}

static const TransportMethods liar_methods = {
  .read = liar_read,
  .write = liar_write,
  .discard_input = liar_nothing,
  .close = liar_nothing,
};

typedef enum { IDENTIFY, READ_CSR, READ_BACK, PROVE, INSTALL, GENERATE } Step;

static gboolean
take_step (Session *session, Step step, GError **error)
{
  static const guint8 nonce[PROOF_NONCE_LENGTH];
  const Driver *smp = session->driver;
  g_autoptr (GBytes) certificate = g_bytes_new_static (nonce, sizeof nonce);
  Credentials credentials = { .certificate = certificate };
  g_autoptr (DeviceIdentity) identity = NULL;
  g_autoptr (GBytes) csr = NULL;
  g_auto (ReadBack) shown = { 0 };
  g_auto (Proof) proof = { 0 };

  switch (step) {
  case IDENTIFY:
    identity = smp->identify (session, SOON, error);
    return identity != NULL;
  case READ_CSR:
    csr = smp->read_csr (session, "x", SOON, error);
    return csr != NULL;
  case READ_BACK:
    return smp->read_back (session, &credentials, &shown, SOON, error);
  case PROVE:
    return smp->prove (session, nonce, &proof, SOON, error);
  case INSTALL:
    return smp->install (session, &credentials, SOON, error);
  case GENERATE:
    return smp->generate_key (session, KEY_KIND_P256, SOON, error);
  }
  return FALSE;
}

static gboolean
go (Liar *liar, Step step, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (Transport) transport = NULL;
  g_autoptr (Session) session = NULL;

  liar->out = out;
  transport = transport_new (CHANNEL_SERIAL, &liar_methods, liar, "liar");
  session = session_open (driver_by_name ("smp"), transport, NULL, SOON, NULL);
  return take_step (session, step, error);
}

#define CHUNK(offset, length, data) "a3 636f6666" offset "636c656e" length "6464617461" data
#define ERROR(group, code) "a1 63657272 a2 6567726f7570" group "627263" code
#define OURS "194b43"

static const struct {
  Step step;
  DriverError expected;
  const char *bodies[4];
} lies[] = {
  /* capabilities: no version, another version, no keys, a packet size that is none */
  { IDENTIFY, DRIVER_ERROR_GARBLED, { "a0" } },
  { IDENTIFY, DRIVER_ERROR_UNSUPPORTED, { "a1637665720 2" } },
  { IDENTIFY, DRIVER_ERROR_GARBLED, { "a16376657201" } },
  { IDENTIFY, DRIVER_ERROR_GARBLED, { "a46376657201 6362756600 646b65797380 647768617480" } },
  { IDENTIFY, DRIVER_ERROR_GARBLED, { "a46376657201 63627566190100 646b65797380 6477686174a0" } },
  /* identity: neither name, a number for a name, a name with a NUL, text that is no UTF-8 */
  { IDENTIFY, DRIVER_ERROR_IDENTITY, { CAPABILITIES, "a0" } },
  { IDENTIFY, DRIVER_ERROR_IDENTITY, { CAPABILITIES, "a1646368697001" } },
  { IDENTIFY, DRIVER_ERROR_IDENTITY, { CAPABILITIES, "a164636869706341 0042" } },
  { IDENTIFY, DRIVER_ERROR_GARBLED, { CAPABILITIES, "a16463686970 61ff" } },
  { IDENTIFY, DRIVER_ERROR_IDENTITY, { CAPABILITIES, "a16673657269616c 632e2e2f" } },
  /* chunks: nothing, empty, gap, more than announced, endless, the length changes */
  { READ_CSR, DRIVER_ERROR_GARBLED, { "a0" } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "04", "40") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "00", "40") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("01", "04", "4130") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "01", "423031") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "1affffffff", "4130") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "1bffffffffffffffff", "4130") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "04", "4130"), CHUNK ("01", "05", "4131") } },
  { READ_CSR, DRIVER_ERROR_GARBLED, { CHUNK ("00", "04", "4130"), CHUNK ("00", "04", "4130") } },
  { READ_CSR,
    DRIVER_ERROR_GARBLED,
    { CHUNK ("00", "04", "4130"), CHUNK ("01", "04", "4431313131") } },
  { READ_CSR, DRIVER_ERROR_NO_ANSWER, { CHUNK ("00", "04", "4130") } },
  /* private keys: SEC 1, PKCS #8 with a long length, PEM across two chunks */
  { READ_CSR, DRIVER_ERROR_PRIVATE_KEY_LEAKED, { CHUNK ("00", "06", "46300402010100") } },
  { READ_BACK, DRIVER_ERROR_PRIVATE_KEY_LEAKED, { CHUNK ("00", "08", "48308200040201 0000") } },
  { READ_CSR,
    DRIVER_ERROR_PRIVATE_KEY_LEAKED,
    { CHUNK ("00", "10", "48505249564154 4520"), CHUNK ("08", "10", "484b45592d2d2d2d2d") } },
  /* proofs: nothing, an unknown scheme, a signature that is text */
  { PROVE, DRIVER_ERROR_GARBLED, { "a0" } },
  { PROVE, DRIVER_ERROR_GARBLED, { "a266736368656d65 6178 63736967 4101" } },
  { PROVE, DRIVER_ERROR_GARBLED, { "a266736368656d65 6c65636473612d736861323536 63736967 6161" } },
  /* install: the device took another part than was sent */
  { INSTALL, DRIVER_ERROR_GARBLED, { CAPABILITIES, "a1636f666600" } },
  { INSTALL, DRIVER_ERROR_GARBLED, { CAPABILITIES, "a0" } },
  /* errors of the group, of another group, none, and numbers that nobody knows */
  { GENERATE, DRIVER_ERROR_REFUSED, { ERROR (OURS, "02") } },
  { GENERATE, DRIVER_ERROR_UNSUPPORTED, { ERROR (OURS, "03") } },
  { GENERATE, DRIVER_ERROR_KEY_GENERATION, { ERROR (OURS, "04") } },
  { GENERATE, DRIVER_ERROR_REFUSED, { ERROR (OURS, "18ff") } },
  { GENERATE, DRIVER_ERROR_REFUSED, { ERROR (OURS, "1bffffffffffffffff") } },
  { GENERATE, DRIVER_ERROR_REFUSED, { ERROR ("00", "02") } },
  { GENERATE, DRIVER_ERROR_GARBLED, { "a1636572720 5" } },
  { GENERATE, DRIVER_ERROR_UNSUPPORTED, { "a162726308" } },
  { GENERATE, DRIVER_ERROR_REFUSED, { "a16272630a" } },
  { GENERATE, DRIVER_ERROR_REFUSED, { "a16272631bffffffffffffffff" } },
  { PROVE, DRIVER_ERROR_PROOF, { ERROR (OURS, "05") } },
  { PROVE, DRIVER_ERROR_PROOF, { ERROR (OURS, "0e") } },
  { PROVE, DRIVER_ERROR_PROOF, { "a162726305" } },
  { READ_BACK, DRIVER_ERROR_READ_BACK, { ERROR (OURS, "0c") } },
  /* a body that is no map, or none that fits */
  { GENERATE, DRIVER_ERROR_GARBLED, { "01" } },
  { GENERATE, DRIVER_ERROR_GARBLED, { "a0a0" } },
  { GENERATE, DRIVER_ERROR_GARBLED, { "ba7fffffff" } },
};

START_TEST (each_lie_has_its_error)
{
  Liar liar = { .bodies = lies[_i].bodies };
  g_autoptr (GError) error = NULL;

  ck_assert (!go (&liar, lies[_i].step, &error));
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)lies[_i].expected), "%s",
                 error->message);
}
END_TEST

static const char *const good_chunks[] = { CHUNK ("00", "04", "4130"),
                                           CHUNK ("01", "04", "43303030"), NULL };

START_TEST (good_chunks_are_taken)
{
  Liar liar = { .bodies = good_chunks };

  ck_assert (go (&liar, READ_CSR, NULL));
}
END_TEST

START_TEST (late_answers_are_passed_over)
{
  Liar liar = { .bodies = good_chunks, .late = TRUE };

  ck_assert (go (&liar, READ_CSR, NULL));
}
END_TEST

START_TEST (an_answer_to_another_question_is_none)
{
  Liar liar = { .bodies = good_chunks, .sequence_off = 1 };
  g_autoptr (GError) error = NULL;

  ck_assert (!go (&liar, READ_CSR, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER));
}
END_TEST

START_TEST (an_error_of_zero_is_none)
{
  static const char *const bodies[] = { "a162726300", NULL };
  Liar liar = { .bodies = bodies };

  ck_assert (go (&liar, GENERATE, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("smp-hostile");
  TCase *tests = tcase_create ("hostile");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_loop_test (tests, each_lie_has_its_error, 0, (int)G_N_ELEMENTS (lies));
  tcase_add_test (tests, good_chunks_are_taken);
  tcase_add_test (tests, late_answers_are_passed_over);
  tcase_add_test (tests, an_answer_to_another_question_is_none);
  tcase_add_test (tests, an_error_of_zero_is_none);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
