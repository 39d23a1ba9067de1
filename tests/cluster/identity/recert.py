#!/usr/bin/env python3
"""recert.py IN OUT CAKEY [-d FROM UNTIL] [RDN...]: a certificate, changed

Writes IN (PEM) to OUT with other dates (YYMMDDhhmmssZ) or another subject, and
signs it again by CAKEY (an EC key). An RDN is "CN=text" or "O=text", where
Python's escapes stand for what no command line can hold; "" is no subject.
"""
import base64
import subprocess
import sys

TYPES = {'CN': b'\x06\x03\x55\x04\x03', 'O': b'\x06\x03\x55\x04\x0a'}


def header(at, der):
    """Where a value begins and where it ends."""
    n, at = der[at + 1], at + 2
    if n & 0x80:
        size = n & 0x7f
        n, at = int.from_bytes(der[at:at + size], 'big'), at + size
    return at, at + n


def parts(der):
    at, end = header(0, der)
    out = []
    while at < end:
        stop = header(at, der)[1]
        out.append(der[at:stop])
        at = stop
    return out


def tlv(tag, *values):
    body = b''.join(values)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, 'big')
    return bytes((tag, 0x80 | len(size))) + size + body


def rdn(text):
    kind, value = text.split('=', 1)
    value = value.encode().decode('unicode_escape').encode()
    return tlv(0x31, tlv(0x30, TYPES[kind], tlv(0x0c, value)))


def main():
    source, target, ca_key, *rest = sys.argv[1:]
    with open(source) as lines:
        text = ''.join(s for s in lines if '-----' not in s)
    tbs, algorithm, _ = parts(base64.b64decode(text))
    fields = parts(tbs)
    if rest and rest[0] == '-d':
        fields[4] = tlv(0x30, *(tlv(0x17, d.encode()) for d in rest[1:3]))
        rest = rest[3:]
    if rest:
        fields[5] = tlv(0x30, *(rdn(r) for r in rest if r))
    tbs = tlv(0x30, *fields)
    signature = subprocess.run(
        ('openssl', 'dgst', '-sha256', '-sign', ca_key), input=tbs,
        check=True, capture_output=True).stdout
    der = tlv(0x30, tbs, algorithm, tlv(0x03, b'\0', signature))
    with open(target, 'w') as out:
        out.write('-----BEGIN CERTIFICATE-----\n%s'
                  '-----END CERTIFICATE-----\n'
                  % base64.encodebytes(der).decode())


if __name__ == '__main__':
    main()
