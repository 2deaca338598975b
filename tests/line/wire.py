# SPDX-License-Identifier: LGPL-2.1-or-later
"""The frames between station and signer, spoken by hand: ca/wire/wire.h."""

import socket
import struct

import gi

gi.require_version('GLib', '2.0')
from gi.repository import GLib  # noqa: E402  (after the version)

(ERROR, SIGN, ENTRIES, STATUS, CODE, REVOKE, CRL, TICKET, TICKETS, REPORT, MANIFEST, CHECKPOINT, INCLUSION,
 CONSISTENCY, LOG, CLOCK, JWS) = range(17)
LEDGER = '(stay)'
REQUESTS = {SIGN: '(sssssmsay)', ENTRIES: '(tu)', STATUS: '()', CODE: '(ss)', REVOKE: 'a(txy)',
            CRL: '(sbt)', TICKET: '(ay)', TICKETS: '()', REPORT: f'(sb{LEDGER}tttttay)',
            MANIFEST: f'(ssttay{LEDGER})', CHECKPOINT: '(b)', INCLUSION: '(t)', CONSISTENCY: '(tt)', LOG: '(tu)',
            CLOCK: '(ss)', JWS: 'as'}
MOST = 64 * 1024
PATIENCE = 20


class Dropped(Exception):
    """The signer has closed the connection."""


class Refused(Exception):
    """An answer of the kind ERROR: its word and its message."""

    def __init__(self, word, message):
        super().__init__(f'{word}: {message}')
        self.word = word
        self.message = message


def payload(signature, values):
    return GLib.Variant(signature, values)


def body(version, kind, value):
    return GLib.Variant('(yyv)', (version, kind, value)).get_data_as_bytes().get_data()


def frame(version, kind, value):
    data = body(version, kind, value)
    return struct.pack('<I', len(data)) + data


def find_version(path):
    """The one that the signer speaks; all others it must drop."""
    spoken = []
    for version in range(0, 256):
        with Connection(path, version) as connection:
            try:
                connection.ask(STATUS, ())
                spoken.append(version)
            except Dropped:
                pass
    return spoken


class Connection:
    def __init__(self, path, version):
        self.version = version
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Dropped() from None

    def receive(self, count):
        data = b''
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionResetError:
                part = b''
            if not part:
                raise Dropped()
            data += part
        return data

    def answer(self):
        """Kind and values of the next frame."""
        length, = struct.unpack('<I', self.receive(4))
        data = GLib.Bytes.new(self.receive(length))
        whole = GLib.Variant.new_from_bytes(GLib.VariantType.new('(yyv)'), data, False)
        if length > MOST or not whole.is_normal_form():
            raise AssertionError(f'the signer sends a frame of {length} bytes against its protocol')
        version, kind, values = whole.unpack()
        if version != self.version:
            raise AssertionError(f'the signer answers in version {version}')
        if kind == ERROR:
            raise Refused(*values)
        return kind, values

    def ask(self, kind, values):
        self.send(frame(self.version, kind, payload(REQUESTS[kind], values)))
        answer_kind, answered = self.answer()
        if answer_kind != kind:
            raise AssertionError(f'the signer answers {kind} with {answer_kind}')
        return answered

    def entries(self):
        """All of the log: (device, certificate) each."""
        return [(one[-3], bytes(one[-1])) for one in self.all_entries()]

    def all_entries(self):
        found = []
        while True:
            part = self.ask(ENTRIES, (len(found), 0xffffffff))
            if not part:
                return found
            found += part

    def crl(self, authority, make):
        """The revocation list of the CA of that name, in DER; a new one where it is to be made."""
        reply = self.ask(CRL, (authority, make, 0))
        data = bytes(reply[-1])
        while len(data) < reply[1]:
            data += bytes(self.ask(CRL, (authority, False, len(data)))[-1])
        return data
