#!/usr/bin/env python3
"""same.py record|online|offline CLUSTER: the hub's answers beside the master's

record asks the master and keeps its answers in CLUSTER/same.json; online asks
both now, offline compares the hub with what was kept. Differences that
differences.conf declares are allowed; each of its entries must match something.
Prints the others, grouped, and exits with 1 if there are any.
"""
import concurrent.futures
import http.client
import json
import os
import re
import ssl
import sys

import requests_made

MASTER, HUB = 6443, 8778
INITIAL = 'k8s.io/initial-events-end'
HEADERS = ('content-type', 'warning', 'retry-after', 'etag', 'allow',
           'location', 'content-encoding', 'x-content-type-options',
           'cache-control')


def context(cluster):
    pki = cluster + '/pki'
    ctx = ssl.create_default_context(
        cafile=os.environ.get('TRUST', pki + '/ca.crt'))
    ctx.load_cert_chain(pki + '/admin.crt', pki + '/admin.key')
    ctx.check_hostname = False
    return ctx


def ask(ctx, port, request):
    method, path, accept = request
    conn = http.client.HTTPSConnection('127.0.0.1', port, context=ctx,
                                       timeout=120)
    try:
        conn.putrequest(method, path, skip_accept_encoding=True)
        conn.putheader('User-Agent', 'same')
        if accept is not None:
            conn.putheader('Accept', accept)
        if method in ('POST', 'PUT', 'PATCH', 'DELETE'):
            conn.putheader('Content-Length', '0')
        conn.endheaders()
        answer = conn.getresponse()
        body = answer.read()
        heads = {k.lower(): v for k, v in answer.getheaders()}
        return [answer.status, heads, body.decode('latin1')]
    except (OSError, http.client.HTTPException) as why:
        return [0, {}, repr(why)]
    finally:
        conn.close()


def ask_all(ctx, port, requests):
    """Watches mostly wait, so there may be more of them at once."""
    with concurrent.futures.ThreadPoolExecutor(24) as pool, \
            concurrent.futures.ThreadPoolExecutor(64) as waiting:
        asked = [(waiting if 'watch=' in r[1] else pool).submit(
            ask, ctx, port, r) for r in requests]
        return [a.result() for a in asked]


def calm(value, key=None):
    """What two servers cannot have in common: positions, tokens, ages."""
    if isinstance(value, dict):
        if value.get('type') == 'BOOKMARK':
            return 'end of the initial events' if INITIAL in str(value) else None
        out = {k: calm(v, k) for k, v in value.items()}
        meta = out.get('metadata')
        if ('items' in out or 'rows' in out) and isinstance(meta, dict):
            meta.pop('resourceVersion', None)
            if meta.get('continue'):
                meta['continue'] = 'token'
        return out
    if isinstance(value, list):
        if key == 'cells':
            return [re.sub(r'^(\d+[smhdy])+$', 'age', c)
                    if isinstance(c, str) else c for c in value]
        return [calm(v) for v in value]
    if isinstance(value, str):
        return re.sub(r'current: \d+', 'current: N', value)
    return value


def parsed(text):
    lines = text.strip().split('\n') if text else []
    for part in (text,), lines:
        try:
            calmed = [calm(json.loads(line)) for line in part]
            return [c for c in calmed if c is not None]
        except ValueError:
            continue
    # protobuf or YAML, which the hub only passes on: positions and tokens
    return re.sub(r'eyJ2Ijoi[\w-]+|[0-9]{3,}', 'N', text)


def difference(master, hub):
    """None, or in a few words what is not the same."""
    if master[0] != hub[0]:
        return 'status %d, not %d' % (hub[0], master[0])
    for name in HEADERS:
        a, b = master[1].get(name), hub[1].get(name)
        if a != b:
            return '%s: %s, not %s' % (name, b, a)
    if parsed(master[2]) != parsed(hub[2]):
        return 'body'
    # what no position stands in is the same to the byte
    moving = ('resourceVersion', 'current:', 'k8s\0')
    both = master[2] + hub[2]
    if not any(m in both for m in moving) and master[2] != hub[2]:
        return 'bytes'
    return None


def declared(path):
    """Blocks: a reason in comment lines, then when, method, path, Accept and
    difference as regular expressions, by tabs."""
    entries = []
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                fields = line.rstrip('\n').split('\t')
                if len(fields) != 5:
                    sys.exit('%s: not 5 fields: %s' % (path, line))
                entries.append([line.rstrip('\n'), fields[0].split(','),
                                [re.compile(f) for f in fields[1:]], 0])
    return entries


def allow(entries, when, request, why):
    parts = (request[0], request[1], request[2] or '', why)
    for entry in entries:
        if when in entry[1] and all(
                p.search(t) for p, t in zip(entry[2], parts)):
            entry[3] += 1
            return True
    return False


def report(when, requests, masters, hubs):
    here = os.path.dirname(os.path.abspath(__file__))
    entries = declared(here + '/differences.conf')
    if os.environ.get('OTE_MASTER') == 'older':
        entries += declared(here + '/older.conf')
    if os.environ.get('K3S'):
        entries += declared(here + '/k3s.conf')
    bad = {}
    for request, a, b in zip(requests, masters, hubs):
        why = difference(a, b)
        if why is not None and not allow(entries, when, request, why):
            bad.setdefault(why, []).append((request, a, b))
    idle = [e[0] for e in entries if when in e[1] and e[3] == 0]
    print('%d requests, %d undeclared, %d declared in vain' % (
        len(requests), sum(map(len, bad.values())), len(idle)))
    for why, cases in sorted(bad.items(), key=lambda x: -len(x[1])):
        print('%d x %s' % (len(cases), why))
        for request, a, b in cases[:5]:
            print('  %s %.160s (%s)' % request)
        print('    master: %.300r\n    hub:    %.300r' % (a[2], b[2]))
    for line in idle:
        print('declared in vain: ' + line)
    return 1 if bad or idle else 0


def chosen(ctx, cluster, again):
    """A resourceVersion to watch from and the hashes of the schemas, by path;
    those of last time, or the present ones."""
    kept = cluster + '/same.chosen'
    if again:
        page = ask(ctx, MASTER, ('GET', '/api/v1/configmaps?limit=1', None))
        index = ask(ctx, MASTER, ('GET', '/openapi/v3', None))
        urls = [p['serverRelativeURL'].split('?hash=')
                for p in json.loads(index[2])['paths'].values()]
        with open(kept, 'w') as out:
            json.dump([json.loads(page[2])['metadata']['resourceVersion'],
                       dict(urls)], out)
    with open(kept) as lines:
        return json.load(lines)


def main():
    when, cluster = sys.argv[1:3]
    ctx = context(cluster)
    requests = requests_made.all_requests(
        *chosen(ctx, cluster, when in ('warm', 'online')))
    kept = cluster + '/same.json'
    if when == 'record':
        with open(kept, 'w') as out:
            json.dump(ask_all(ctx, MASTER, requests), out)
        return 0
    if when == 'warm':
        ask_all(ctx, HUB, requests)
        return 0
    if when == 'online':
        masters = ask_all(ctx, MASTER, requests)
    else:
        with open(kept) as lines:
            masters = json.load(lines)
    return report(when, requests, masters, ask_all(ctx, HUB, requests))


if __name__ == '__main__':
    sys.exit(main())
