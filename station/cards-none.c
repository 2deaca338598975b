/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In the place of cards.c where libpcsclite is not there.
 */
#include "station/cards.h"

Cards *
cards_new (const CardsCallbacks *callbacks, gpointer data)
{
  return NULL;
}

void
cards_free (Cards *cards)
{
}
