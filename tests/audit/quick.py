# SPDX-License-Identifier: LGPL-2.1-or-later
"""A key that signs records and checkpoints thousands of times, as openssl does it in forge.py."""

import base64

import cms
import forge
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SHA256 = bytes.fromhex('300b0609608648016503040201')
ECDSA_SHA256 = bytes.fromhex('300a06082a8648ce3d040302')


def der(tag, *contents):
    data = b''.join(contents)
    if len(data) < 128:
        return bytes([tag, len(data)]) + data
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(length)]) + length + data


def oid(content):
    return der(cms.OID, content)


def attribute(kind, value):
    return der(cms.SEQUENCE, oid(kind), der(cms.SET, value))


class QuickSigner:
    def __init__(self, signer):
        with open(signer.key, 'rb') as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        self.certificate = cms.read_pem(signer.certificate)[0]

    def sign(self, data):
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def statement(self, text):
        """CMS of the text, which is bytes here."""
        attributes = attribute(cms.CONTENT_TYPE, oid(cms.DATA)) + \
            attribute(cms.MESSAGE_DIGEST, der(cms.OCTETS, forge.sha256(text)))
        signer = der(cms.SEQUENCE, der(cms.INTEGER, b'\1'),
                     der(cms.SEQUENCE, self.certificate.issuer, der(cms.INTEGER, self.certificate.serial)), SHA256,
                     der(0xa0, attributes), ECDSA_SHA256, der(cms.OCTETS, self.sign(der(cms.SET, attributes))))
        signed = der(cms.SEQUENCE, der(cms.INTEGER, b'\1'), der(cms.SET, SHA256),
                     der(cms.SEQUENCE, oid(cms.DATA), der(0xa0, der(cms.OCTETS, text))), der(cms.SET, signer))
        return der(cms.SEQUENCE, oid(cms.SIGNED_DATA), der(0xa0, signed))

    def note(self, origin, size, root):
        text = f'keycradle-log/{origin.hex()}\n{size}\n{base64.b64encode(root).decode()}\n'
        blob = self.certificate.spki_sha256[:4] + self.sign(text.encode())
        return f'{text}\n— keycradle-log/{origin.hex()} {base64.b64encode(blob).decode()}\n'
