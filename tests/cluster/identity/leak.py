#!/usr/bin/env python3
"""leak.py warm|try WHEN CLUSTER PORT: Secrets in the cache, and who sees them

warm: those who may read them do, in every form, so that the hub has them. try:
so do those who may not, in many more; WHEN names the phase. None may get a 2xx
or a byte of MARK, and one who may has to see it still.
"""
import base64
import collections
import concurrent.futures
import itertools
import sys

import asked
import callers
import wire

SECRETS = asked.TEAM + '/secrets'
ONE = SECRETS + '/shared'
META = 'v=v1;g=meta.k8s.io'
ACCEPTS = (
    asked.JSON, None, 'application/yaml', 'application/json;as=Table;' + META,
    'application/json;as=PartialObjectMetadata;' + META,
    'application/json;as=PartialObjectMetadataList;' + META,
    'application/vnd.kubernetes.protobuf', 'application/cbor')
SELECTED = 'fieldSelector=metadata.name%3Dshared'
INITIAL = ('watch=1&timeoutSeconds=1&sendInitialEvents=true&'
           'allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan')
READS = (
    ONE, ONE + '?resourceVersion=0', ONE + '?resourceVersion=1',
    ONE + '?pretty=true', SECRETS, SECRETS + '?resourceVersion=0',
    SECRETS + '?' + SELECTED, SECRETS + '?resourceVersion=0&' + SELECTED,
    SECRETS + '?resourceVersion=0&limit=500',
    SECRETS + '?resourceVersion=0&labelSelector=!none',
    '/api/v1/secrets', '/api/v1/secrets?resourceVersion=0',
    '/api/v1/secrets?resourceVersion=0&fieldSelector='
    'metadata.namespace%3Dteam')
WATCHES = (
    'watch=1&timeoutSeconds=1', 'watch=1&timeoutSeconds=1&resourceVersion=0',
    'watch=1&timeoutSeconds=1&resourceVersion=1', INITIAL,
    INITIAL + '&resourceVersion=0', 'watch=1&timeoutSeconds=1&' + SELECTED)
# what routes of another form may lead to
CROOKED = (
    ONE + '/', ONE + '//', SECRETS + '/./shared', SECRETS + '//shared',
    SECRETS + '/x/../shared', SECRETS + '/%73hared',
    '/api/v1/namespaces/team/%73ecrets/shared',
    '/api/v1/namespaces/default/../team/secrets/shared',
    '/api/v1/namespaces/team/configmaps/../secrets/shared',
    '/api/v1/namespaces/team%2fsecrets%2fshared', '/' + ONE,
    '/version/..' + ONE, '/healthz/..' + ONE, '/healthz?x=' + ONE,
    ONE + '/status', ONE + '/scale', ONE + '?watch=1&timeoutSeconds=1',
    '/api/v1/watch/namespaces/team/secrets/shared?timeoutSeconds=1',
    '/api/v1/watch/namespaces/team/secrets?timeoutSeconds=1',
    '/api/v1/watch/secrets?timeoutSeconds=1',
    '/api/v1/proxy/namespaces/team/secrets/shared', ONE + '#', ONE + '?#',
    ONE + '%00', ONE + '%3FresourceVersion=0',
    SECRETS + '?resourceVersion=0&resourceVersion=1',
    SECRETS + '?resourceVersion=0&watch=0', 'https://127.0.0.1' + ONE)
UPGRADE = (('Connection', 'Upgrade'), ('Upgrade', 'websocket'),
           ('Sec-WebSocket-Version', '13'),
           ('Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='))
MAY = ('c-admin', 'c-alice', 't-web', 'x-admin-as-alice')
MAY_NOT = ('c-bob', 'anonymous', 'c-kubelet-2', 'c-kubelet', 'c-proxy',
           'c-dave', 't-plain', 't-far', 't-gone', 't-forged', 't-none',
           't-confused', 't-expired', 'c-expired', 'c-foreign', 'c-nul',
           'c-twice-first', 'x-bad-good', 'x-bob-ssl', 'x-bob-ote',
           'x-nobody-remote', 'x-bob-remote', 'x-bob-as-alice',
           'x-bob-as-group', 'x-admin-as-bob')


def got(path, accept=asked.JSON, headers=(), method='GET', body=None):
    return asked.Request('', method, path, accept, headers, body, asked.MERGE)


def usual():
    for path, accept in itertools.product(READS, ACCEPTS):
        yield got(path, accept)
    for query, accept in itertools.product(WATCHES, ACCEPTS[:4]):
        yield got(SECRETS + '?' + query, accept)
        yield got('/api/v1/secrets?' + query, accept)


def unusual():
    for path in CROOKED:
        yield got(path)
    for path in ONE, SECRETS, SECRETS + '?' + WATCHES[1]:
        yield got(path, headers=UPGRADE)
        yield got(path, headers=(('Accept-Encoding', 'gzip'),))
        yield got(path, method='HEAD')
        yield got(path, method='OPTIONS')
    for how in '', '?dryRun=All':
        yield got(ONE + how, method='PATCH', body={})
        yield got(ONE + how, method='PUT', body={
            'kind': 'Secret', 'apiVersion': 'v1',
            'metadata': {'name': 'shared', 'namespace': 'team'}})
    yield got(ONE + '?dryRun=All', method='DELETE')
    yield got(SECRETS + '?dryRun=All', method='DELETE')


# as it is, and in base64
MARKS = (b'MARK', base64.b64encode(b'MARK-shared')[:14])


def seen(body):
    return any(m in body for m in MARKS)


def ask_all(peer, pairs, when):
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        return list(pool.map(
            lambda p: peer.ask(*p, agent='leak/' + when), pairs))


def warm(peer, some):
    pairs = list(itertools.product(some, usual()))
    said = collections.Counter(a[0] for a in ask_all(peer, pairs, 'warm'))
    print('%d answers: %s' % (len(pairs), sorted(said.items())))
    return 0 if said[200] else 1


def tried(peer, when, may, may_not):
    bad = []
    for caller in may:
        said = peer.ask(caller, got(ONE + '?resourceVersion=0'), 'leak')
        if not seen(said[1]):
            bad.append('%s does not see it any more: %d %.200r' % (
                caller.name, *said))
    pairs = list(itertools.product(may_not, [*usual(), *unusual()]))
    for (caller, request), (code, body) in zip(
            pairs, ask_all(peer, pairs, when)):
        # health is anybody's
        health = code == 200 and body in (b'ok', b'')
        if seen(body) or (200 <= code < 300 and not health):
            bad.append('%s %s %s (%s): %d %.200r' % (
                caller.name, request.method, request.path,
                request.accept, code, body))
    print('%s: %d answers to %d who may not, %d wrong' % (
        when, len(pairs), len(may_not), len(bad)))
    print('\n'.join(bad[:40]))
    return 1 if bad else 0


def main():
    what, when, cluster, port = sys.argv[1:5]
    peer = wire.Wire(cluster, int(port))
    known = {c.name: c for c in callers.all_callers(cluster)}
    may = [known[n] for n in MAY]
    if what == 'warm':
        return warm(peer, may)
    return tried(peer, when, may, [known[n] for n in MAY_NOT])


if __name__ == '__main__':
    sys.exit(main())
