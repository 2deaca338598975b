# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-statement.py OURS CERTIFICATE KEY TEXT THEIRS: verifies the statement OURS over TEXT with Python's
cryptography, and signs TEXT into THEIRS with it."""

import hashlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7


def values(data):
    """(tag, content, whole) of each value of DER."""
    at = 0
    while at < len(data):
        start, length = at, data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7f
            length = int.from_bytes(data[at:at + count], 'big')
            at += count
        yield data[start], data[at:at + length], data[start:at + length]
        at += length


def inside(data):
    return list(values(data))


ours, certificate, key, text, theirs = (open(path, 'rb').read() if index < 4 else path
                                        for index, path in enumerate(sys.argv[1:]))
certificate = x509.load_pem_x509_certificate(certificate)

content_info = inside(inside(ours)[0][1])
version, digests, content, signers = inside(inside(content_info[1][1])[0][1])
assert inside(inside(content[1])[1][1])[0][1] == text
signer = inside(inside(signers[1])[0][1])
issuer, serial = inside(signer[1][1])
assert issuer[2] == certificate.issuer.public_bytes()
assert int.from_bytes(serial[1], 'big') == certificate.serial_number
attributes = {inside(whole[1])[0][1].hex(): inside(whole[1])[1][1] for whole in inside(signer[3][1])}
assert attributes['2a864886f70d010904'][2:] == hashlib.sha256(text).digest()
certificate.public_key().verify(signer[5][1], b'\x31' + signer[3][2][1:], ec.ECDSA(hashes.SHA256()))

signed = (pkcs7.PKCS7SignatureBuilder().set_data(text)
          .add_signer(certificate, serialization.load_pem_private_key(key, None), hashes.SHA256())
          .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary]))
with open(theirs, 'wb') as file:
    file.write(signed)
