/* SPDX-License-Identifier: Apache-2.0
 *
 * What the emulated board is given in RAM before it starts, because it has neither
 * a source of randomness nor a serial number. Real firmware takes both from its
 * chip and has no such block.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdint.h>

#define HANDOVER_ADDRESS 0x20000000u
#define HANDOVER_MAGIC 0x4b435244u /* "KCRD" */
#define HANDOVER_TEXT_SIZE 65u

typedef struct {
  uint32_t magic; /* little endian, as the board is */
  uint8_t seed[48];
  char chip[HANDOVER_TEXT_SIZE];   /* ends in NUL */
  char serial[HANDOVER_TEXT_SIZE]; /* "" where the device has none yet */
} Handover;

#endif
