#!/usr/bin/env python3
"""matrix.py PHASE CLUSTER PORT: each caller asks each question

Phase master keeps the verdicts in CLUSTER/matrix.json; every other one is
compared with them. Phase covered asks only what the hub can answer by itself.
What differs has to be in stricter.conf, and a 2xx that the master gave neither
to him nor to anybody is never allowed. Prints a line of numbers, then what is
wrong, grouped; exits with 1 if there is any.
"""
import collections
import concurrent.futures
import fnmatch
import json
import os
import sys

import asked
import callers
import wire

THREADS = 24
PHASES = {'on': ('online', 'again', 'covered', 'after'),
          'off': ('cut', 'restart')}
PHASES['all'] = PHASES['on'] + PHASES['off']


def parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def listed(items):
    """Names; not of what the matrix itself makes."""
    names = ('%s/%s' % (i['metadata'].get('namespace', ''),
                        i['metadata']['name']) for i in items)
    return sorted(n for n in names if '/made-' not in n)


def streamed(body):
    events = [parsed(s) for s in body.split(b'\n') if s.strip()]
    if None in events:
        return 'no JSON'
    for event in events:
        if event['type'] == 'ERROR':
            return 'error %s' % event['object'].get('code')
    # a change of the moment may be there too
    return sorted(set(listed(e['object'] for e in events
                             if e['type'] in ('ADDED', 'MODIFIED'))))


def content(request, body):
    """What has to be the same in a 2xx."""
    if 'watch=true' in request.path:
        return streamed(body)
    value = parsed(body)
    if request.name in ('may', 'may-other'):
        return value['status'].get('allowed')
    if request.name == 'whoami':
        return value['status']['userInfo']
    if request.method == 'GET' and isinstance(value, dict):
        if 'items' in value:
            return listed(value['items'])
        if 'data' in value:
            return value['data']
    return None


def verdict(request, answer):
    code, body = answer
    if 200 <= code < 300:
        try:
            return ['2xx', content(request, body)]
        except (KeyError, TypeError) as why:
            return ['2xx', 'no such answer: %r' % why]
    if request.name == 'exec' and code == 101:
        return ['2xx', None]
    value = parsed(body)
    if not isinstance(value, dict):
        value = {}
    return [str(code) if code else 'none', value.get('reason')]


def is_kept(masters, caller, request):
    """What the hub has, for who is somebody: that stands for a while."""
    said = masters.get('%s %s' % (caller.name, request.name))
    return request.covered and said[0][0] != '401'


class Phase:
    def __init__(self, when, cluster, port):
        self.when = when
        self.wire = wire.Wire(cluster, port)
        self.callers = callers.all_callers(cluster)
        self.admin = next(c for c in self.callers if c.name == 'c-admin')
        with open(cluster + '/callers/facts.json') as lines:
            facts = json.load(lines)
        self.reads = list(asked.reads()) + list(asked.grants(facts))

    def ask(self, caller, request, conn=None):
        agent = 'matrix/%s %s %s' % (self.when, caller.name, request.name)
        answer = self.wire.ask(caller, request, agent, conn)
        return verdict(request, answer), answer[1][:300].decode('latin1')

    def versioned(self, request):
        """A Lease is replaced as it is now, which an administrator sees."""
        meta = request.body['metadata']
        answer = self.wire.ask(self.admin, asked.Request(
            'lease-get', 'GET', request.path), 'matrix')
        meta['resourceVersion'] = (parsed(answer[1]) or {}).get(
            'metadata', {}).get('resourceVersion', '1')
        return request

    def written(self, caller):
        made = '%s-%s' % (self.when, caller.name)
        for request in asked.asked_of(caller, asked.writes(made)):
            if request.method == 'PUT':
                request = self.versioned(request)
            yield request

    def run(self, masters):
        covered = self.when == 'covered'
        pairs = [(c, r) for c in self.callers
                 for r in asked.asked_of(c, self.reads)
                 if not covered or is_kept(masters, c, r)]
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            said = list(pool.map(lambda p: self.ask(*p), pairs))
        for caller in [] if covered else self.callers:
            for request in self.written(caller):
                pairs.append((caller, request))
                said.append(self.ask(caller, request))
        return {'%s %s' % (c.name, r.name): s
                for (c, r), s in zip(pairs, said)}

    def mixed(self):
        """Tokens in turn on one connection: nobody inherits another's."""
        requests = [r for r in self.reads if r.name in (
            'secret-shared-0', 'secrets-0', 'configmap-shared')]
        some = [c for c in self.callers if c.cert is None and c.real and
                self.when != 'covered'] * 2
        conn, out = self.wire.connect(None), []
        for caller in some:
            for request in requests:
                said = self.ask(caller, request, conn)
                out.append(('%s %s' % (caller.name, request.name), said))
                if said[0][0] == 'none':
                    conn.close()
        conn.close()
        return out


Entry = collections.namedtuple('Entry', 'line callers requests phases '
                               'answers used')


def declared(path):
    """callers requests phases answers reason: globs and names, by commas"""
    out = []
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                lists = [f.split(',') for f in line.split(None, 4)[:4]]
                lists[2] = [p for w in lists[2] for p in PHASES.get(w, (w,))]
                out.append(Entry(line.strip(), *lists, [0]))
    return out


def any_of(globs, name):
    return any(fnmatch.fnmatchcase(name, g) for g in globs)


def allowed(entries, when, key, answer):
    who, what = key.split(' ')
    for entry in entries:
        if when in entry.phases and any_of(entry.answers, answer) and any_of(
                entry.callers, who) and any_of(entry.requests, what):
            entry.used[0] += 1
            return True
    return False


def wrong(entries, when, key, masters, got):
    """None, or in a few words how the answer is not the master's"""
    want = masters[key][0]
    if want == got:
        return None
    if got[0] == want[0]:
        answer = why = 'content' if got[0] == '2xx' else 'reason'
    else:
        answer, why = got[0] + '/' + want[0], '%s, not %s' % (got[0], want[0])
    if got[0] == '2xx' and want[0] != '2xx':
        anybody = masters.get('anonymous ' + key.split(' ')[1])
        if anybody is None or anybody[0][0] != '2xx':
            return 'WIDER: ' + why
    return None if allowed(entries, when, key, answer) else why


def judged(when, masters, pairs):
    here = os.path.dirname(os.path.abspath(__file__))
    entries = [] if os.environ.get('OTE_STRAIGHT') else declared(
        here + '/stricter.conf')
    bad = collections.defaultdict(list)
    for key, said in pairs:
        why = wrong(entries, when, key, masters, said[0])
        if why is not None:
            bad[why].append((key, masters[key], said))
    for entry in entries:
        if when in entry.phases and when != 'covered' and not entry.used[0]:
            bad['declared in vain'].append((entry.line, '', ''))
    return bad, sum(e.used[0] for e in entries)


def told(bad):
    """Who and what, and how three of them were answered."""
    for why, cases in sorted(bad.items(), key=lambda x: ('W' not in x[0],
                                                         -len(x[1]))):
        print('%d x %s' % (len(cases), why))
        by = collections.defaultdict(list)
        for key, _, _ in cases:
            who, _, what = key.partition(' ')
            by[who].append(what)
        for who, whats in by.items():
            print('  %s: %.300s' % (who, ' '.join(whats)))
        for key, want, got in cases[::max(1, len(cases) // 3)]:
            print('  %s\n    master %.260s\n    hub    %.260s' % (
                key, want, got))


def counts(said):
    names = [k.split(' ') for k in said]
    kinds = collections.Counter(v[0][0] for v in said.values())
    return '%d callers, %d requests, %d answers: %s' % (
        len({n[0] for n in names}), len({n[1] for n in names}), len(said),
        ', '.join('%d %s' % (n, k) for k, n in sorted(kinds.items())))


def main():
    when, cluster, port = sys.argv[1:4]
    phase = Phase(when, cluster, int(port))
    kept = cluster + '/matrix.json'
    if when == 'master':
        said = masters = phase.run({})
        with open(kept, 'w') as out:
            json.dump(said, out, indent=1)
    else:
        with open(kept) as lines:
            masters = json.load(lines)
        said = phase.run(masters)
    bad, stricter = judged(when, masters, [*said.items(), *phase.mixed()])
    print('%s; %d stricter, %d wrong' % (counts(said), stricter,
                                         sum(map(len, bad.values()))))
    told(bad)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
