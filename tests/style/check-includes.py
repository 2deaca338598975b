# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each folder includes only what the picture in docs/architecture.md allows."""

import re

import sources

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

# ca/ from the bottom up: a part may include what stands before it.
CA_ROOT = ('base/', 'ca/clock.h', 'ca/der.h', 'ca/der-time.h', 'ca/error.h', 'ca/harden.h',
           'ca/openssl.h', 'ca/signature.h')
CA_PARTS = {
    'judge': (), 'profile': (), 'proof': (), 'keystore': ('proof',),
    'issue': ('judge', 'profile', 'keystore', 'proof'),
    'log': ('issue', 'proof'),
    'crl': ('issue', 'log'),
    'wire': ('judge', 'log', 'proof'),
    'signer': ('issue', 'judge', 'keystore', 'log', 'crl', 'proof', 'wire'),
    'command': ('issue', 'judge', 'profile', 'keystore', 'proof', 'signer'),
    'fleet': ('judge',),
}
CA_SYSTEMS = {'fleet': 'openssl gmp', 'keystore': 'openssl p11-kit tss2', 'log': 'openssl lmdb'}
CA = [(f'ca/{part}/', {'ours': CA_ROOT + tuple(f'ca/{name}/' for name in (part, *below)),
                       'systems': CA_SYSTEMS.get(part, 'openssl')})
      for part, below in CA_PARTS.items()] + [('ca/', {'ours': CA_ROOT, 'systems': 'openssl'})]

# The first rule whose folder fits speaks. `ours` are prefixes of our own headers.
RULES = [
    ('drivers/smp/device/', {'ours': ('drivers/smp/device/',), 'systems': 'freestanding'}),
    ('drivers/smp/firmware/', {'ours': ('drivers/smp/device/', 'drivers/smp/firmware/'),
                               'systems': 'firmware'}),
    ('drivers/simulator/', {'ours': ('base/', 'drivers/'), 'systems': 'openssl'}),
    ('drivers/piv/', {'ours': ('base/', 'drivers/'), 'systems': 'nettle'}),
    ('drivers/', {'ours': ('base/', 'drivers/'), 'systems': ''}),
    ('base/', {'ours': ('base/',), 'systems': 'openssl'}),
    *CA,
    ('checks/', {'ours': ('base/', 'ca/error.h', 'ca/der.h', 'ca/der-time.h', 'ca/openssl.h', 'ca/signature.h', 'ca/judge/',
                          'checks/'), 'systems': 'openssl'}),
    ('db/', {'ours': ('base/', 'db/'), 'systems': 'openssl sqlite'}),
    ('audit/', {'ours': ('base/', 'ca/error.h', 'ca/der.h', 'ca/proof/', 'ca/log/log-format.h', 'ca/log/log-frame.h', 'audit/'),
                'systems': 'openssl'}),
    ('station/rehearse/', {'ours': ('base/', 'station/rehearse/'), 'systems': 'openssl tls'}),
    ('station/cli/', {'ours': ('base/', 'audit/', 'ca/der.h', 'ca/proof/', 'ca/error.h', 'ca/judge/csr.h', 'ca/judge/keycheck.h',
                               'ca/judge/known-keys.h', 'ca/fleet/fleet.h',
                               'station/cli/', 'station/rehearse/', 'station/station-api.h'),
                      'systems': 'openssl'}),
    ('courier/', {'ours': ('base/', 'courier/'), 'systems': 'curl'}),
    ('ui-tui/card/', {'ours': ('base/', 'ui-tui/'), 'systems': 'drawing'}),
    ('ui-tui/', {'ours': ('base/', 'ui-tui/'), 'systems': ''}),
    ('station/', {'ours': ('base/', 'drivers/', 'db/', 'ca/error.h', 'ca/wire/client.h', 'ca/wire/client-evidence.h', 'ca/wire/client-jws.h', 'ca/judge/csr.h',
                           'ca/judge/proof.h', 'ca/profile/profile.h', 'ca/judge/keycheck.h', 'ca/judge/known-keys.h',
                           'ca/fleet/fleet.h', 'ca/proof/', 'checks/', 'station/'),
                  'systems': 'openssl'}),
]

# Made in the build folder, for one folder each.
GENERATED = {'station-api.h': ('station/', 'ui-tui/', 'courier/'), 'db-resources.h': 'db/', 'aws-calls-resources.h': 'base/',
             'manifest-formats.h': 'db/'}

FREESTANDING = {'stddef.h', 'stdint.h', 'string.h', 'stdbool.h', 'limits.h'}


# What a driver's folder has beside the driver: its simulated device, its tests, its fuzz target.
BESIDE_DRIVER = re.compile(r'drivers/[^/]+/(simulator|test|fuzz)[^/]*$')
BESIDE_RULE = {'ours': ('base/', 'drivers/', 'tests/unit/'), 'systems': 'openssl'}


def rule_for(name):
    if BESIDE_DRIVER.match(name):
        return BESIDE_RULE
    for folder, rule in RULES:
        if name.startswith(folder):
            return rule
    return None


def system_offence(header, allowed):
    if header.startswith('sqlite3') and 'sqlite' not in allowed:
        return 'SQLite is for db/ alone'
    if header.startswith('curl/') and 'curl' not in allowed:
        return 'only courier/ has a network'
    if header.startswith(('cairo', 'pango', 'zint')) and 'drawing' not in allowed:
        return 'only ui-tui/card/ draws'
    if header == 'lmdb.h' and 'lmdb' not in allowed:
        return 'LMDB is for ca/log/ alone'
    if header.startswith('tss2/') and 'tss2' not in allowed:
        return 'the TPM is for its keystore alone'
    if header == 'gmp.h' and 'gmp' not in allowed:
        return 'GMP is for ca/fleet/ alone'
    if header.startswith('nettle/') and 'nettle' not in allowed:
        return 'ciphers are for drivers/piv/ alone'
    if header.startswith('p11-kit/') and 'p11-kit' not in allowed:
        return 'PKCS#11 is for its keystore alone'
    if header == 'openssl/ssl.h' and 'tls' not in allowed:
        return 'TLS is for station/rehearse/ alone'
    if header.startswith('openssl/') and 'openssl' not in allowed:
        return 'no OpenSSL here'
    if allowed == 'freestanding' and header not in FREESTANDING:
        return 'the device library needs no operating system'
    if allowed == 'firmware' and header.startswith(('glib', 'gio', 'openssl', 'cbor')):
        return 'firmware runs without the host\'s libraries'
    return None


def own_offence(name, header, allowed):
    if name.startswith(GENERATED.get(header, '//')):
        return None
    if allowed == ('drivers/smp/device/',) or 'drivers/smp/firmware/' in allowed:
        if '/' not in header:  # beside the file, so that the folder can be copied as it is
            return None
    if '/' not in header:
        return 'write the path from the top'
    if header.startswith('mbedtls/') and name.startswith('drivers/smp/firmware/'):
        return None
    if not header.startswith(allowed):
        return 'this arrow is not in the picture'
    if header.startswith('ui-tui/card/') and not name.startswith('ui-tui/card/'):
        return 'the card is a program of its own'
    if header.startswith('station/cli/') and not name.startswith('station/cli/'):
        return 'the daemon knows nothing of its client'
    return None


offences = []
for name in sources.c_files():
    rule = rule_for(name)
    if rule is None:
        continue
    text = sources.read(name)
    for match in INCLUDE.finditer(text):
        kind, header = match.groups()
        if kind == '<':
            offence = system_offence(header, rule['systems'])
        else:
            offence = own_offence(name, header, rule['ours'])
        if offence:
            line = text.count('\n', 0, match.start()) + 1
            offences.append(f'{name}:{line}: {header}: {offence}')
sources.finish(offences, 'every #include follows an allowed arrow')
