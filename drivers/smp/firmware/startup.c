/* SPDX-License-Identifier: Apache-2.0
 *
 * From reset to main(), and the end of the line for everything unexpected.
 */
#include <stdint.h>

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main (void);
void reset_handler (void);

void
reset_handler (void)
{
  const uint32_t *from = &data_load;

  for (uint32_t *to = &data_start; to < &data_end; to++)
    *to = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end; to++)
    *to = 0;
  main ();
  for (;;)
    ;
}

/* A fault stops the device: it stays silent, and the station says so. */
static void
fault_handler (void)
{
  for (;;)
    ;
}

typedef void (*Vector) (void);

__attribute__ ((section (".vectors"), used)) static const Vector vectors[16] = {
  (Vector)&stack_top, reset_handler, fault_handler, fault_handler,
  fault_handler,      fault_handler, fault_handler,
};
