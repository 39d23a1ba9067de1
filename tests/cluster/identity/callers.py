"""Who asks. c- have a certificate, t- a token, x- something odd; the real
ones are asked everything, the others what shows that they were refused."""
import base64
import collections

Caller = collections.namedtuple('Caller', 'name cert headers real')

CERTIFICATES = {
    'c-kubelet': 'kubelet', 'c-kubelet-2': 'edge-2', 'c-proxy': 'proxy',
    'c-admin': 'admin', 'c-alice': 'alice', 'c-dave': 'dave', 'c-bob': 'bob',
    'c-expired': 'expired', 'c-foreign': 'foreign', 'c-empty': 'empty'}
ODD_CERTIFICATES = (
    'nameless', 'subjectless', 'nul', 'nul-group', 'many', 'future', 'self',
    'usage', 'twice-last', 'twice-first', 'joined', 'like', 'ou',
    'front-proxy')
TOKENS = ('web', 'plain', 'far', 'gone', 'late', 'expired', 'forged', 'none',
          'confused', 'audience', 'issuer', 'node-bound')
ODD_TOKENS = (
    'unbound', 'lost', 'legacy', 'minted', 'future', 'none-case', 'rs384',
    'no-audience', 'subject', 'no-exp', 'account-uid', 'pod-uid', 'node-uid',
    'exp-text', 'exp-huge', 'exp-long', 'exp-part', 'twice', 'utf8', 'deep',
    'kid', 'crit', 'b64')


def bearer(token):
    return ('Authorization', 'Bearer ' + token)


def impersonate(user, *groups):
    return [('Impersonate-User', user)] + [('Impersonate-Group', g)
                                           for g in groups]


def remote(user):
    return [('X-Remote-User', user), ('X-Remote-Group', 'system:masters')]


def odd_headers(token, alice):
    """name, certificate, headers"""
    web, head = token('web'), 'Authorization'
    part = base64.urlsafe_b64encode(b'{"alg":"RS256"}' * 1300).decode()
    yield 'x-empty', None, [(head, 'Bearer ')]
    yield 'x-word', None, [(head, 'Bearer')]
    yield 'x-opaque', None, [bearer('abcdef.0123456789abcdef')]
    yield 'x-dots', None, [bearer('a.b.c')]
    yield 'x-nothing', None, [bearer('..')]
    yield 'x-60k', None, [bearer('A' * 60000)]
    yield 'x-64k', None, [bearer('A' * 65536)]
    yield 'x-60k-jwt', None, [bearer(part + '.' + part + '.' + part[:4000])]
    yield 'x-base64', None, [bearer(web[:40] + '!' + web[41:])]
    yield 'x-padded', None, [bearer(web + '==')]
    yield 'x-latin', None, [bearer(web[:-1] + '\xe9')]
    yield 'x-lower', None, [(head, 'bearer ' + web)]
    yield 'x-spaces', None, [(head, 'Bearer  ' + web)]
    yield 'x-tail', None, [bearer(web + ' x')]
    yield 'x-good-bad', None, [bearer(web), bearer('garbage')]
    yield 'x-bad-good', None, [bearer('garbage'), bearer(web)]
    yield 'x-comma', None, [bearer(web + ', Bearer garbage')]
    yield 'x-basic', None, [(head, 'Basic ' + base64.b64encode(
        b'admin:admin').decode())]
    yield 'x-alice-bad', 'alice', [bearer(token('forged'))]
    yield 'x-expired-web', 'expired', [bearer(web)]
    yield 'x-bob-web', 'bob', [bearer(web)]
    yield 'x-bob-as-alice', 'bob', impersonate('alice', 'devs')
    yield 'x-bob-as-group', 'bob', [('Impersonate-Group', 'system:masters')]
    yield 'x-bob-as-extra', 'bob', [('Impersonate-Extra-Scopes', 'x')]
    yield 'x-admin-as-alice', 'admin', impersonate('alice', 'devs')
    yield 'x-admin-as-bob', 'admin', impersonate('bob')
    yield 'x-admin-as-plain', 'admin', impersonate(
        'system:serviceaccount:team:plain')
    yield 'x-admin-as-uid', 'admin', [('Impersonate-Uid', '7')]
    yield 'x-web-as-alice', None, [bearer(web)] + impersonate('alice')
    yield 'x-nobody-as-admin', None, impersonate('admin', 'system:masters')
    yield 'x-nobody-remote', None, remote('admin')
    yield 'x-bob-remote', 'bob', remote('admin')
    yield 'x-front-remote', 'front-proxy', remote('admin')
    yield 'x-bob-ssl', 'bob', [(n, v) for n in (
        'SSL_CLIENT_CERT', 'SSL-Client-Cert', 'X-SSL-Client-Cert',
        'X-Client-Cert', 'X-Ote-Client-Cert') for v in (alice,)] + [
            (n, 'SUCCESS') for n in (
                'SSL_CLIENT_VERIFY', 'SSL-Client-Verify',
                'X-SSL-Client-Verify', 'X-Client-Verify',
                'X-Ote-Client-Verify')]
    yield 'x-bob-ote', 'bob', [
        ('X-Ote-Client-Verify', 'SUCCESS'), ('X-Ote-Client-Cert', ''.join(
            alice.split('-----')[2].split()))]


REAL = ('x-admin-as-alice', 'x-bad-good')


def all_callers(cluster):
    def text(name):
        with open(cluster + name, encoding='latin1') as lines:
            return lines.read()

    def token(name):
        return text('/callers/%s.token' % name)

    out = [Caller(n, c, (), True) for n, c in CERTIFICATES.items()]
    out += [Caller('c-' + c, c, (), False) for c in ODD_CERTIFICATES]
    for names, real in ((TOKENS, True), (ODD_TOKENS, False)):
        out += [Caller('t-' + n, None, (bearer(token(n)),), real)
                for n in names]
    out.append(Caller('anonymous', None, (), True))
    alice = text('/pki/alice.crt').replace('\n', ' ')
    out += [Caller(n, c, tuple(h), n in REAL)
            for n, c, h in odd_headers(token, alice)]
    return out
