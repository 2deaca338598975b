# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that tell of each other, made here with the openssl program and plain arithmetic. Each is a
whole private key, so that its device can prove that it holds it."""

import os
import subprocess

P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def openssl(*words, data=None):
    return subprocess.run(['openssl', *words], input=data, capture_output=True, check=True).stdout


def prime():
    """1024 bits, the two highest set: the product of two has 2048."""
    while True:
        number = int(openssl('prime', '-generate', '-bits', '1024').decode())
        if number >> 1022 == 3 and number % 65537 != 1 and number % 65539 != 1:
            return number


def der_of(folder, name, kind, fields):
    """A SEQUENCE of the named fields in DER, by `openssl asn1parse`."""
    text = f'asn1=SEQUENCE:{kind}\n[{kind}]\n' + ''.join(
        f'field{place}={field}\n' for place, field in enumerate(fields))
    conf, path = (os.path.join(folder, name + end) for end in ('.conf', '.der'))
    with open(conf, 'w', encoding='ascii') as file:
        file.write(text)
    openssl('asn1parse', '-genconf', conf, '-noout', '-out', path)
    return path


def rsa_key(folder, name, p, q, exponent=65537):
    """The path of its PEM."""
    private = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = (0, p * q, exponent, private, p, q, private % (p - 1), private % (q - 1),
               pow(q, -1, p))
    der = der_of(folder, name, 'rsa', [f'INTEGER:0x{number:x}' for number in numbers])
    path = os.path.join(folder, name + '.pem')
    openssl('pkcs8', '-topk8', '-nocrypt', '-inform', 'DER', '-in', der, '-out', path)
    return path


def ec_key(folder, name, private):
    der = der_of(folder, name, 'ec',
                 ['INTEGER:1', f'FORMAT:HEX,OCTETSTRING:{private % P256_ORDER:064x}',
                  'EXPLICIT:0,OID:prime256v1'])
    path = os.path.join(folder, name + '.pem')
    openssl('pkcs8', '-topk8', '-nocrypt', '-inform', 'DER', '-in', der, '-out', path)
    return path


def ec_number():
    return int.from_bytes(os.urandom(32), 'big') % P256_ORDER
