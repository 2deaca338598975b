/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What SQL may ask of the key in a certificate: key_type(der), key_number(der), key_sha256(der);
 * NULL where the key is none that Keycradle issues for. And of who signed it: issuer_name(der),
 * issuer_key_id(der). The schema itself uses none of them: a ledger can be read without Keycradle.
 */
#pragma once

#include <sqlite3.h>

/* An SQLite result code. */
int key_functions_add (sqlite3 *handle);
