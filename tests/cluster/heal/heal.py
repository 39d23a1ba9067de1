#!/usr/bin/env python3
"""heal.py CLUSTER TOOL SEED CHANGES: ote-endpoint-heal beside the controllers

Takes the EndpointSlices and Endpoints of several services once, as a node has
them when it is cut off. Then the status of random pods changes; after each
change ote-endpoint-heal corrects what was taken, again and again, and the
controllers their own. Both must come to the same endpoints. Prints a summary,
the differences, and exits with 1 if there are any.
"""
import json
import os
import random
import subprocess
import sys
import time

import cast

TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time'
KINDS = ('EndpointSlice', 'Endpoints')
APIS = (('/apis/discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
        ('/api/v1', 'Endpoints', 'endpoints'))
NAME = 'kubernetes.io/service-name'


class Master:
    def __init__(self, cluster):
        self.base = [os.environ['BIN'] + '/kubectl', '--kubeconfig',
                     cluster + '/admin.kubeconfig', '--cache-dir',
                     cluster + '/kube-cache', '-n', cast.NAMESPACE]
        self.env = dict(os.environ, HOME=cluster)

    def run(self, *args, given=None):
        text = None if given is None else json.dumps(given)
        return subprocess.run(self.base + list(args), env=self.env,
                              input=text, stdout=subprocess.PIPE,
                              text=True, check=True).stdout

    def items(self, api, what):
        path = '%s/namespaces/%s/%s' % (api, cast.NAMESPACE, what)
        return json.loads(self.run('get', '--raw', path))['items']

    def objects(self):
        found = []
        for api, kind, what in APIS:
            for o in self.items(api, what):
                o['kind'] = kind
                # the API's own service has neither pods nor a selector
                if service_of(o) in cast.SERVICES:
                    found.append(o)
        return found

    def status(self, name, patch):
        self.run('patch', 'pod', name, '--subresource=status',
                 '--type=merge', '-p', json.dumps({'status': patch}))


def service_of(o):
    if o['kind'] == 'Endpoints':
        return o['metadata']['name']
    return o['metadata']['labels'][NAME]


def text(o):
    return json.dumps(o, sort_keys=True)


def entries(o):
    """(what, endpoint) of each endpoint of an object"""
    if o['kind'] == 'EndpointSlice':
        ports = sorted(map(text, o.get('ports') or []))
        for e in o.get('endpoints') or []:
            yield ['slice', service_of(o), o['addressType'], ports], e
        return
    # a port at a time: subsets are packed by who has the same ones
    for s in o.get('subsets') or []:
        for port in map(text, s.get('ports') or [None]):
            for which in ('addresses', 'notReadyAddresses'):
                for e in s.get(which) or []:
                    yield ['endpoints', service_of(o), which, port], e


def plain(e):
    """Hints of what is not ready mean nothing and are left to chance."""
    e = dict(e)
    if 'conditions' in e and not e['conditions']['ready']:
        e.pop('hints', None)
    return e


def all_of(objects, lost):
    """Comparable; lost: pods without an address, (name, family)"""
    out = []
    for o in objects:
        for what, e in entries(o):
            pod = e['targetRef']['name']
            family = what[2]
            if o['kind'] == 'Endpoints':
                family = 'IPv6' if ':' in e['ip'] else 'IPv4'
            if (pod, family) not in lost:
                out.append(text([what, plain(e)]))
    return sorted(out)


def sorted_lists(objects):
    """Whether addresses stand in the controller's order"""
    for o in objects:
        for s in o.get('subsets') or []:
            for which in ('addresses', 'notReadyAddresses'):
                keys = [(a['ip'], a['targetRef'].get('uid', ''))
                        for a in s.get(which) or []]
                if keys != sorted(keys):
                    return False
    return True


class Heal:
    def __init__(self, cluster, tool):
        self.tool = tool
        self.dir = cluster + '/heal'
        self.count = dict.fromkeys(KINDS, 0)
        os.mkdir(self.dir)

    def file(self, name, o):
        path = self.dir + '/' + name
        with open(path, 'w') as f:
            json.dump(o, f)
        return path

    def one(self, pod, service, o):
        r = subprocess.run([self.tool, '-N', pod['spec']['nodeName'],
                            '-s', self.file('service', service), '-n',
                            self.file('pod', pod), self.file('object', o)],
                           stdout=subprocess.PIPE, text=True, timeout=20)
        if r.returncode == 1:
            return o
        if r.returncode != 0:
            sys.exit('ote-endpoint-heal: exit %d' % r.returncode)
        self.count[o['kind']] += 1
        return json.loads(r.stdout)


def wait(what, ready, seconds=30):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            print('timed out: ' + what)
            return False
        time.sleep(0.05)
    return True


def times(objects):
    """The annotation of each Endpoints that shows what is ready"""
    return {service_of(o): o['metadata'].get('annotations', {}).get(TRIGGER)
            for o in objects
            if o['kind'] == 'Endpoints' and service_of(o) != 'seen'}


def differences(ours, theirs):
    for line in sorted(set(ours) - set(theirs)):
        print('ours   ' + line)
    for line in sorted(set(theirs) - set(ours)):
        print('theirs ' + line)


class Run:
    def __init__(self, cluster, tool, seed):
        self.master = Master(cluster)
        self.heal = Heal(cluster, tool)
        self.rng = random.Random(seed)
        self.checked = 0

    def settle(self, pods):
        """All pods up and in all of their services; then what there is."""
        def there():
            seen = {}
            for o in self.master.objects():
                for what, e in entries(o):
                    key = (o['kind'], what[1], e['targetRef']['name'],
                           o.get('addressType'))
                    good = what[2] == 'addresses' or e.get(
                        'conditions', {}).get('serving')
                    seen[key] = seen.get(key, True) and bool(good)
            want = {('Endpoints', s, p, None) for s in cast.SERVICES
                    for p in pods}
            want |= {('EndpointSlice', s, p, f) for s in cast.SERVICES
                     for f in cast.families(s) for p in pods}
            return set(seen) == want and all(seen.values())

        return wait('the controllers', there, 120)

    def step(self, change, name, lost):
        """One change of a pod; whether both come to the same."""
        steady = not any(name == p for p, _ in lost)
        change(name, lost)
        steady = steady and not any(name == p for p, _ in lost)
        pod = json.loads(self.master.run('get', 'pod', name, '-o', 'json'))
        before = times(self.ours)
        self.ours = [self.heal.one(pod, self.services[service_of(o)], o)
                     for o in self.ours]
        mine = all_of(self.ours, lost)
        theirs = []

        def same():
            theirs[:] = self.master.objects()
            if all_of(theirs, lost) != mine:
                return False
            return not steady or times(theirs) == times(self.ours)

        self.checked += len(mine)
        if wait('change of ' + name, same, 60) and sorted_lists(self.ours):
            # what is told of when a pod lost its addresses is another tale
            t = times(theirs)
            for o in self.ours:
                if o['kind'] == 'Endpoints':
                    self.retime(o, t.get(service_of(o)))
            return True
        print(text([pod['status'], before, times(self.ours), times(theirs)]))
        differences(mine, all_of(theirs, lost))
        return False

    @staticmethod
    def retime(o, when):
        notes = o['metadata'].setdefault('annotations', {})
        notes.pop(TRIGGER, None)
        if when is not None:
            notes[TRIGGER] = when

    def main(self, changes):
        pods = cast.Pods(self.master, self.rng)
        cast.make(self.master)
        pods.start()
        if not self.settle(cast.PODS):
            return 1, 0
        self.ours = self.master.objects()
        self.services = {s['metadata']['name']: s
                         for s in self.master.items('/api/v1', 'services')}
        lost, bad, done = set(), 0, 0
        for change, name in pods.changes(changes):
            done += 1
            if not self.step(change, name, lost):
                print(change.__name__)
                bad = 1
                break
        return bad, done


def main():
    cluster, tool, seed, changes = sys.argv[1:]
    run = Run(cluster, tool, int(seed))
    out = sys.stdout
    with open(cluster + '/heal.differences', 'w+') as f:
        sys.stdout = f
        bad, done = run.main(int(changes))
        f.seek(0)
        sys.stdout = out
        print('seed %s: %d changes, %d endpoints compared, healed: %s' % (
            seed, done, run.checked,
            ', '.join('%s %d' % (k, n) for k, n in run.heal.count.items())))
        print(f.read(), end='')
    return bad


sys.exit(main())
