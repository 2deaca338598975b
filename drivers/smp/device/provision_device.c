/* SPDX-License-Identifier: Apache-2.0
 *
 * SMP request in, SMP response out: headers, dispatch, errors, and the commands of
 * the OS group that every SMP client knows.
 */
#include "provision_device.h"

#include <string.h>

#include "provision_commands.h"

#define HEADER_SIZE 8u
#define GROUP_OS 0u

enum { OP_READ = 0, OP_WRITE = 2 };

typedef struct {
  uint8_t version;
  uint8_t operation;
  uint16_t length;
  uint16_t group;
  uint8_t sequence;
  uint8_t command;
} Header;

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static int
command_echo (ProvisionDevice *device, Call *call)
{
  const char *text;
  size_t length;

  (void)device;
  if (!cbor_small_find_text (call->body, call->length, "d", &text, &length))
    return SMP_INVALID;
  cbor_small_put_map (&call->answer, 1);
  cbor_small_put_text (&call->answer, "r");
  cbor_small_put_text_of (&call->answer, text, length);
  return 0;
}

static int
command_reset (ProvisionDevice *device, Call *call)
{
  device->reset_asked = 1;
  cbor_small_put_map (&call->answer, 0);
  return 0;
}

static int
command_parameters (ProvisionDevice *device, Call *call)
{
  cbor_small_put_map (&call->answer, 2);
  cbor_small_put_text (&call->answer, "buf_size");
  cbor_small_put_unsigned (&call->answer, (uint32_t)device->packet_size);
  cbor_small_put_text (&call->answer, "buf_count");
  cbor_small_put_unsigned (&call->answer, 1);
  return 0;
}

static const struct {
  uint8_t of_os; /* the OS group's, not ours */
  uint8_t operation;
  uint8_t command;
  Command run;
} commands[] = {
  { 0, OP_READ, 0, command_identify },      { 0, OP_READ, 1, command_capabilities },
  { 0, OP_WRITE, 2, command_generate_key }, { 0, OP_READ, 3, command_read_csr },
  { 0, OP_WRITE, 4, command_install },      { 0, OP_READ, 5, command_read_back },
  { 0, OP_READ, 6, command_prove },         { 0, OP_WRITE, 7, command_lock },
  { 1, OP_READ, 0, command_echo },          { 1, OP_WRITE, 0, command_echo },
  { 1, OP_WRITE, 5, command_reset },        { 1, OP_READ, 6, command_parameters },
};

static int
run_command (ProvisionDevice *device, const Header *header, Call *call)
{
  size_t i;

  if (header->version > 1)
    return SMP_TOO_NEW;
  if (header->group != GROUP_OS && header->group != device->group)
    return SMP_NOT_SUPPORTED;
  for (i = 0; i < COUNT (commands); i++) {
    if ((commands[i].of_os ? GROUP_OS : device->group) != header->group
        || commands[i].operation != header->operation || commands[i].command != header->command)
      continue;
    if (call->length != header->length || !cbor_small_is_map (call->body, call->length))
      return SMP_INVALID;
    return commands[i].run (device, call);
  }
  return SMP_NOT_SUPPORTED;
}

/* What a client that knows no errors of groups (SMP version 1) is told. */
static int
common_error (int error)
{
  switch (error) {
  case PROVISION_ERROR_LOCKED:
    return SMP_ACCESS_DENIED;
  case PROVISION_ERROR_KEY_KIND:
  case PROVISION_ERROR_OBJECT:
    return SMP_NOT_SUPPORTED;
  case PROVISION_ERROR_NO_KEY:
  case PROVISION_ERROR_NOT_STORED:
    return SMP_NO_ENTRY;
  case PROVISION_ERROR_TOO_LARGE:
    return SMP_MESSAGE_SIZE;
  case PROVISION_ERROR_OFFSET:
  case PROVISION_ERROR_DIGEST:
  case PROVISION_ERROR_VALUE:
    return SMP_INVALID;
  default: /* a number from a callback, the rest has no nearer word */
    return SMP_UNKNOWN;
  }
}

static void
put_error (CborSmallWriter *answer, const Header *header, int error)
{
  answer->length = 0;
  answer->overflow = 0;
  if (error > 0 && header->version == 0)
    error = common_error (error);
  cbor_small_put_map (answer, 1);
  if (error > 0) {
    cbor_small_put_text (answer, "err");
    cbor_small_put_map (answer, 2);
    cbor_small_put_text (answer, "group");
    cbor_small_put_unsigned (answer, header->group);
  }
  cbor_small_put_text (answer, "rc");
  cbor_small_put_unsigned (answer, (uint32_t)(error > 0 ? error : -error));
}

static void
read_header (Header *header, const uint8_t *request)
{
  header->version = (request[0] >> 3) & 3u;
  header->operation = request[0] & 7u;
  header->length = (uint16_t)((request[2] << 8) | request[3]);
  header->group = (uint16_t)((request[4] << 8) | request[5]);
  header->sequence = request[6];
  header->command = request[7];
}

static void
write_header (const Header *header, size_t length, uint8_t *response)
{
  uint8_t version = header->version > 1 ? 1 : header->version;

  response[0] = (uint8_t)((version << 3) | (header->operation + 1));
  response[1] = 0;
  response[2] = (uint8_t)(length >> 8);
  response[3] = (uint8_t)length;
  response[4] = (uint8_t)(header->group >> 8);
  response[5] = (uint8_t)header->group;
  response[6] = header->sequence;
  response[7] = header->command;
}

void
provision_device_init (ProvisionDevice *device, const ProvisionCallbacks *callbacks, void *context,
                       uint16_t group, uint8_t *transfer, size_t transfer_size, size_t packet_size)
{
  memset (device, 0, sizeof *device);
  device->callbacks = callbacks;
  device->context = context;
  device->group = group;
  device->transfer = transfer;
  device->transfer_size = transfer_size;
  device->packet_size = packet_size;
}

size_t
provision_device_answer (ProvisionDevice *device, const uint8_t *request, size_t length,
                         uint8_t *response, size_t capacity)
{
  Header header;
  Call call;
  int error;

  if (length < HEADER_SIZE || capacity < PROVISION_PACKET_MIN)
    return 0;
  read_header (&header, request);
  if (header.operation != OP_READ && header.operation != OP_WRITE)
    return 0;
  if (capacity > device->packet_size && device->packet_size >= PROVISION_PACKET_MIN)
    capacity = device->packet_size; /* a client may hold no more than it sends */
  memset (&call, 0, sizeof call);
  call.body = request + HEADER_SIZE;
  call.length = length - HEADER_SIZE;
  call.answer.data = response + HEADER_SIZE;
  call.answer.capacity = capacity - HEADER_SIZE;
  error = run_command (device, &header, &call);
  if (error == 0 && call.answer.overflow)
    error = SMP_MESSAGE_SIZE;
  if (error != 0)
    put_error (&call.answer, &header, error);
  write_header (&header, call.answer.length, response);
  return HEADER_SIZE + call.answer.length;
}

int
provision_device_takes_reset (ProvisionDevice *device)
{
  int asked = device->reset_asked;

  device->reset_asked = 0;
  return asked;
}
