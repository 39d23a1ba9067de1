#!/usr/bin/env python3
"""patch.py CLUSTER OTE_PATCH SEED PAIRS: ote-patch beside kube-apiserver

Each random patch goes to the master (?dryRun=All), and to ote-patch with the
object that the master has; what ote-patch makes of it goes to the master as a
PUT (?dryRun=All), so that both are defaulted and validated alike. The answers
must be the same; where ote-patch refuses, so must the master, with its code
and message. Where it applies, the difference that ote-patch makes of the two
objects goes to the master too, and gives the same.

A patch with two faults is refused for either of them, as the master walks
through maps that have no order: so what differs is asked again, and counts as
chance when the master ever answers as ote-patch does, which always says the
same. Prints a summary and what differed; exits with 1 where something always
differs, or more than CHANCE_MAX did by chance.
"""
import concurrent.futures
import copy
import http.client
import json
import os
import random
import ssl
import subprocess
import sys
import tempfile
import threading

import objects
import pairs

TYPES = {'json': 'application/json-patch+json',
         'merge': 'application/merge-patch+json',
         'strategic': 'application/strategic-merge-patch+json'}
# So often is the master asked whether it ever answers so, for so many.
ANSWERS_MAX = 300
CHANCE_MAX = 10
# Whose json-patch takes another root, and panics at a test without a value.
OLDER = os.environ.get('OTE_MASTER') == 'older'
local = threading.local()


def context(cluster):
    pki = cluster + '/pki'
    ctx = ssl.create_default_context(cafile=pki + '/ca.crt')
    ctx.load_cert_chain(pki + '/admin.crt', pki + '/admin.key')
    ctx.check_hostname = False
    return ctx


def ask(ctx, method, path, body, content='application/json'):
    if getattr(local, 'conn', None) is None:
        local.conn = http.client.HTTPSConnection('127.0.0.1', 6443,
                                                 context=ctx, timeout=120)
    local.conn.request(method, path, body and body.encode(),
                       {'Content-Type': content, 'User-Agent': 'patch',
                        'Accept': 'application/json'})
    try:
        answer = local.conn.getresponse()
    except http.client.RemoteDisconnected:
        local.conn = None
        return 0, {'message': 'kube-apiserver panics and hangs up'}
    text = answer.read()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        local.conn = None
        return answer.status, {'message': text.decode()}


def make_objects(ctx):
    """[(path to patch, object)]: with the status each."""
    out = []
    for collection, o, status in objects.ALL:
        code, made = ask(ctx, 'POST', collection, json.dumps(o))
        if code != 201:
            sys.exit('%s: %d %s' % (collection, code, made['message']))
        path = collection + '/patched'
        if status is not None:
            made['status'] = status
            code, made = ask(ctx, 'PUT', path + '/status', json.dumps(made))
            if code != 200:
                sys.exit('%s: %d %s' % (path, code, made['message']))
            out.append((path + '/status', made))
        out.append((path, made))
    return out


def seen(answer):
    """What counts of an answer."""
    meta = answer.get('metadata', {})
    meta.pop('managedFields', None)
    return answer


def patch(tool, path, options, o, text):
    """(0, object); (code, message); (1, why) of a difference; or (-1, why)."""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
        f.write(json.dumps(o))
        f.flush()
        p = subprocess.run([tool, '-p', path, *options, f.name, '-'],
                           input=text.encode(), capture_output=True,
                           timeout=60, check=False)
    if p.returncode == 0:
        return 0, p.stdout.decode()
    if p.returncode != 1:
        return -1, 'exit %d: %s' % (p.returncode, p.stderr.decode())
    text = p.stderr.decode()[len('ote-patch: '):-1]
    if '-d' in options:
        return 1, text
    code, _, message = text.partition(' ')
    return int(code), message


def difference(ctx, tool, path, o, want):
    """The patch that ote-patch -d makes of it, sent, must give the same."""
    to = copy.deepcopy(want)
    for k in ('managedFields', 'generation'):
        if k in o['metadata']:
            to['metadata'][k] = o['metadata'][k]
    twice = to['metadata'].get('finalizers', [])
    if len(twice) > len(set(twice)):
        return 'applied', None  # which no strategic patch can tell
    code, text = patch(tool, path, ['-d'], o, json.dumps(to))
    kind = 'merge' if 'example.com' in path else 'strategic'
    if code == 1:  # no strategic one has ports of one number in this order
        code, text = patch(tool, path, ['-d', '-tmerge'], o, json.dumps(to))
        kind = 'merge'
    if code == 0:
        code, answer = ask(ctx, 'PATCH', path + '?dryRun=All', text,
                           TYPES[kind])
        if code == 200 and seen(answer) == want:
            return 'applied', None
        if code == 200:
            return 'differ', (json.dumps(answer, sort_keys=True),
                              json.dumps(want, sort_keys=True),
                              'by the difference ' + text.strip())
        text = '%s: %s' % (text, answer.get('message'))
    return 'differ', ('difference %s %s' % (code, text),
                      json.dumps(want, sort_keys=True))


def compare(ctx, tool, case):
    """(outcome, what differs or None)"""
    path, o, kind, text = case
    code, answer = ask(ctx, 'PATCH', path + '?dryRun=All', text, TYPES[kind])
    mine, result = patch(tool, path, ['-t' + kind], o, text)
    if code == 0 and OLDER:
        return 'panic', None
    if mine != 0:
        if (code, answer.get('message')) == (mine, result):
            return 'refused', None
        if code == 0:
            return 'panic', None
        return 'differ', ('master %s %s' % (code, answer.get('message')),
                          'ours   %s %s' % (mine, result))
    put, other = ask(ctx, 'PUT', path + '?dryRun=All', result)
    if code == 200 and put == 200:
        if seen(answer) == seen(other):
            return difference(ctx, tool, path, o, other)
        return 'differ', (json.dumps(answer, sort_keys=True),
                          json.dumps(other, sort_keys=True))
    # the type of a value, or what may change: PUT says 400 where PATCH 422
    if code == put and answer.get('message') == other.get('message'):
        return 'invalid', None
    if put == 400 and (code == 422 and 'patch: Invalid value' in
                       answer.get('message') or
                       other.get('message').endswith(answer.get('message'))):
        return 'undecodable', None
    return 'differ', ('master %s %s' % (code, answer.get('message')),
                      'put    %s %s' % (put, other.get('message')))


def again(ctx, tool, case):
    """At which try it is no difference any more; 0: at none."""
    path, o, kind, text = case
    first = patch(tool, path, ['-t' + kind], o, text)
    for i in range(ANSWERS_MAX):
        if compare(ctx, tool, case)[0] != 'differ':
            return i + 1
        if patch(tool, path, ['-t' + kind], o, text) != first:
            return 0  # then it is ote-patch that has no one answer
    return 0


def main():
    cluster, tool, seed, count = sys.argv[1:]
    ctx = context(cluster)
    made = make_objects(ctx)
    maker = pairs.Maker(random.Random(int(seed)))
    cases = []
    for i in range(int(count)):
        path, o = made[i % len(made)]
        focus = o
        if path.endswith('/status'):
            focus = {'metadata': o['metadata'], 'status': o['status']}
        kind, text = maker.pair(focus)
        if i % 500 == 499:
            kind, text = 'json', json.dumps(
                [{'op': 'test', 'path': '/none', 'value': None}] *
                (10000 + i % 1000 // 500))
        if not (OLDER and kind == 'json' and '"path": ""' in text):
            cases.append((path, o, kind, text))
    tally = {}
    differ = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for case, (outcome, what) in zip(cases, pool.map(
                lambda c: compare(ctx, tool, c), cases)):
            name = case[2] + ' ' + outcome
            tally[name] = tally.get(name, 0) + 1
            if what:
                differ.append((case, what))
    tries = [again(ctx, tool, case) for case, _ in differ[:CHANCE_MAX]]
    print('%d pairs of seed %s: %s; by chance: %s' % (
        len(cases), seed, ', '.join('%s %d' % t for t in sorted(tally.items())),
        tries))
    for case, (a, b, *how) in differ:
        path, _, kind, text = case
        n = len(os.path.commonprefix([a, b]))
        start = max(0, n - 60)
        print('%s %s %s\n  %s\n  %s' % (kind, path, text[:600],
                                        a[start:start + 900],
                                        b[start:start + 400]))
        for line in how:
            print('  ' + line[:900])
    sys.exit(1 if len(differ) > CHANCE_MAX or 0 in tries else 0)


main()
