/* SPDX-License-Identifier: Apache-2.0
 *
 * As much CBOR (RFC 8949) as SMP needs: a request is one map with text keys, an
 * answer is built item by item. Nothing is copied and nothing is allocated.
 */
#ifndef CBOR_SMALL_H
#define CBOR_SMALL_H

#include <stddef.h>
#include <stdint.h>

/* How deep containers may be nested in what is read. */
#define CBOR_SMALL_DEPTH 4

/* 1 where `data` is exactly one well-formed map (definite or indefinite) whose keys are text. */
int cbor_small_is_map (const uint8_t *data, size_t length);

/* The value of `key` in such a map: 1 where it is there and of that type (strings of definite
 * length only), else 0. What is found lies in `data`. */
int cbor_small_find_unsigned (const uint8_t *data, size_t length, const char *key, uint32_t *value);
int cbor_small_find_bytes (const uint8_t *data, size_t length, const char *key,
                           const uint8_t **bytes, size_t *bytes_length);
int cbor_small_find_text (const uint8_t *data, size_t length, const char *key, const char **text,
                          size_t *text_length);

typedef struct {
  uint8_t *data;
  size_t capacity;
  size_t length;
  uint8_t overflow; /* 1 once something did not fit */
} CborSmallWriter;

void cbor_small_put_map (CborSmallWriter *writer, size_t pairs);
void cbor_small_put_array (CborSmallWriter *writer, size_t items);
void cbor_small_put_unsigned (CborSmallWriter *writer, uint32_t value);
void cbor_small_put_bool (CborSmallWriter *writer, int value);
void cbor_small_put_text (CborSmallWriter *writer, const char *text);
void cbor_small_put_text_of (CborSmallWriter *writer, const char *text, size_t length);
void cbor_small_put_bytes (CborSmallWriter *writer, const uint8_t *bytes, size_t length);

#endif
