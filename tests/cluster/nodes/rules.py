#!/usr/bin/env python3
"""rules.py CLUSTER OTE_ACCESS SEED QUESTIONS: ote-access beside the Node authorizer

Makes what objects.py has on the master, asks it and ote-access at least
QUESTIONS generated questions for the kubelet of each of two nodes: what
ote-access allows the master must allow; what the master allows ote-access must
too, except for what stricter.conf has, with a reason. Where both say no, in
the same words. Prints a summary, the differences, and exits with 1 if any.
"""
import concurrent.futures
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import master
import objects

AUTHZ = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
VERBS = ('get', 'list', 'watch', 'create', 'update', 'patch', 'delete',
         'deletecollection')
GROUPS = {'resourceclaims': 'resource.k8s.io',
          'resourceslices': 'resource.k8s.io',
          'volumeattachments': 'storage.k8s.io',
          'csinodes': 'storage.k8s.io', 'csidrivers': 'storage.k8s.io',
          'leases': 'coordination.k8s.io',
          'runtimeclasses': 'node.k8s.io'}
CLUSTER_WIDE = {'persistentvolumes', 'nodes', 'volumeattachments', 'csinodes',
                'resourceslices', 'csidrivers', 'runtimeclasses'}
PODS = (('one', 'web', 'edge-1'), ('two', 'db', 'edge-2'),
        ('two', 'log', 'edge-1'), ('one', 'job', 'edge-2'))


def make(ctx):
    """Everything; {node: uid}"""
    uids = {}
    for node in objects.NODES:
        o = master.must(ctx, 'POST', '/api/v1/nodes', {
            'kind': 'Node', 'apiVersion': 'v1', 'metadata': {'name': node}})
        uids[node] = o['metadata']['uid']
    for ns in objects.NAMESPACES + ('deep',):
        master.must(ctx, 'POST', '/api/v1/namespaces', {
            'kind': 'Namespace', 'apiVersion': 'v1', 'metadata': {'name': ns}})
    for ns, p, node in PODS:
        make_pod(ctx, ns, p, node, uids[node])
    for node in objects.NODES:
        master.must(ctx, 'POST', '/apis/storage.k8s.io/v1/volumeattachments',
                    objects.attachment('va-' + node, node))
    for name, node in (('sl-edge-1', 'edge-1'), ('sl-edge-2', 'edge-2'),
                       ('sl-all', None)):
        master.must(ctx, 'POST', '/apis/resource.k8s.io/v1/resourceslices',
                    objects.resource_slice(name, node))
    return uids


def make_pod(ctx, ns, p, node, uid):
    master.must(ctx, 'POST', objects.namespaced(ns, 'serviceaccounts'), {
        'kind': 'ServiceAccount', 'apiVersion': 'v1',
        'metadata': {'name': p + '-sa'}})
    path = objects.namespaced(ns, 'pods')
    o = master.must(ctx, 'POST', path, objects.pod(ns, p, node))
    o['status'] = objects.pod_status(p)
    master.must(ctx, 'PUT', '%s/%s/status' % (path, p), o)
    master.must(ctx, 'POST', path,
                objects.mirror(ns, p + '-mirror', node, uid))
    master.must(ctx, 'POST', objects.namespaced(
        ns, 'persistentvolumeclaims'), objects.claim(ns, p + '-claim'))
    claims = (p + '-claim', p + '-v14', p + '-other')
    for i, (kind, source) in enumerate(objects.pv_sources(p).items()):
        master.must(ctx, 'POST', '/api/v1/persistentvolumes', objects.volume(
            '%s-%s' % (p, kind), ns, claims[i % 3], source))
    master.must(ctx, 'POST', '/api/v1/persistentvolumes', objects.volume(
        p + '-free', ns, None, objects.pv_sources(p)['local']))


def written(ctx, out):
    """All that refers to something, as lines."""
    for kind, path in (
            ('Pod', '/api/v1/pods'),
            ('PersistentVolume', '/api/v1/persistentvolumes'),
            ('VolumeAttachment', '/apis/storage.k8s.io/v1/volumeattachments'),
            ('ResourceSlice', '/apis/resource.k8s.io/v1/resourceslices')):
        for o in master.must(ctx, 'GET', path, None)['items']:
            out.write(json.dumps(dict(o, kind=kind)) + '\n')
    out.flush()


def question(verb, resource, ns='', name='', sub='', fields='', group=None):
    q = {'verb': verb, 'resource': resource, 'namespace': ns, 'name': name,
         'group': GROUPS.get(resource, '') if group is None else group,
         'subresource': sub, 'fieldSelector': fields, 'version': 'v1'}
    return {k: v for k, v in q.items() if v}


def related(r):
    """Of the names that pods have to do with, in their namespaces and others."""
    for ns, p, _ in PODS:
        for resource, names in objects.names(p).items():
            for name in names:
                if resource in CLUSTER_WIDE:
                    places = ['']
                elif '-pv-' in name:
                    places = [ns, 'deep']
                else:
                    places = [ns]
                for place in places:
                    for verb in ('get', r.choice(VERBS), r.choice(VERBS)):
                        yield question(verb, resource, place, name)
                yield question(r.choice(VERBS), resource,
                               r.choice(objects.NAMESPACES + ('',)), name)
                yield question(
                    r.choice(VERBS), resource, ns, r.choice((name, '')),
                    r.choice(('status', 'token', 'log', 'eviction', 'proxy')))
                yield question(
                    r.choice(('list', 'watch', 'deletecollection')), resource,
                    ns, r.choice((name, '')), '',
                    r.choice(('metadata.name=' + name,
                              'spec.nodeName=edge-1')))


def selectors(node):
    return ('', 'spec.nodeName=' + node, 'spec.nodeName==' + node,
            'spec.nodeName!=' + node, 'metadata.name=' + node,
            'spec.nodeName=%s,status.phase=Running' % node,
            'spec.nodeName=%s,spec.nodeName=x' % node,
            'status.phase=Running', 'spec.nodeName=' + node + ',')


def fixed():
    """Of what is not referred to."""
    for verb, node in itertools.product(VERBS, objects.NODES + ('', 'x')):
        for sub in ('', 'status', 'proxy'):
            yield question(verb, 'nodes', '', node, sub)
        for ns in ('kube-node-lease', 'one', ''):
            yield question(verb, 'leases', ns, node)
        yield question(verb, 'csinodes', '', node)
        yield question(verb, 'csinodes', '', node, 'status')
        yield question(verb, 'volumeattachments', '', 'va-' + node)
        yield question(verb, 'resourceslices', '', 'sl-' + node)
        yield question(verb, 'resourceslices', '', 'sl-' + node, 'status')
        if node not in objects.NODES:
            continue
        for fields in selectors(node):
            for resource in ('pods', 'resourceslices', 'nodes'):
                yield question(verb, resource, '', '', '', fields)
    for verb in VERBS + ('*', 'impersonate'):
        yield from others(verb)


def others(verb):
    for group, resource in (
            ('', 'services'), ('', 'endpoints'), ('', 'events'),
            ('', 'namespaces'), ('', 'replicationcontrollers'), ('', '*'),
            ('*', 'pods'), ('*', '*'), ('x', 'secrets'), ('apps', 'pods'),
            ('events.k8s.io', 'events'), ('apps', 'deployments'),
            ('discovery.k8s.io', 'endpointslices'),
            ('authentication.k8s.io', 'tokenreviews'),
            ('authentication.k8s.io', 'selfsubjectreviews'),
            ('authorization.k8s.io', 'subjectaccessreviews'),
            ('authorization.k8s.io', 'localsubjectaccessreviews'),
            ('authorization.k8s.io', 'selfsubjectaccessreviews'),
            ('authorization.k8s.io', 'selfsubjectrulesreviews'),
            ('certificates.k8s.io', 'certificatesigningrequests'),
            ('certificates.k8s.io', 'podcertificaterequests'),
            ('certificates.k8s.io', 'clustertrustbundles'),
            ('storage.k8s.io', 'csidrivers'),
            ('storage.k8s.io', 'storageclasses'),
            ('node.k8s.io', 'runtimeclasses'),
            ('rbac.authorization.k8s.io', 'clusterroles')):
        yield question(verb, resource, group=group)
        yield question(verb, resource, 'one', 'x', group=group)
        yield question(verb, resource, 'one', 'x', 'status', group=group)
    for path in ('/version', '/api', '/apis/apps', '/metrics', '/logs'):
        yield {'verb': verb, 'path': path}


def review(node, q):
    spec = {'user': 'system:node:' + node,
            'groups': ['system:nodes', 'system:authenticated']}
    if 'path' in q:
        spec['nonResourceAttributes'] = q
    else:
        a = dict(q)
        if 'fieldSelector' in a:
            a['fieldSelector'] = {'rawSelector': a['fieldSelector']}
        spec['resourceAttributes'] = a
    return {'kind': 'SubjectAccessReview',
            'apiVersion': 'authorization.k8s.io/v1', 'spec': spec}


def said(ctx, node, q):
    status = master.must(ctx, 'POST', AUTHZ, review(node, q))['status']
    return status['allowed'], status.get('reason', '')


def wait_until_known(ctx):
    """The authorizer watches; these came last of their kinds."""
    last = (('edge-2', question('get', 'pods', 'one', 'job-mirror')),
            ('edge-2', question('get', 'resourceclaims', 'one', 'job-made')),
            ('edge-2', question('get', 'persistentvolumes', '', 'job-local')),
            ('edge-2', question('get', 'volumeattachments', '', 'va-edge-2')),
            ('edge-2', question('get', 'resourceslices', '', 'sl-edge-2')))
    end = time.time() + 120
    while not all(said(ctx, node, q)[0] for node, q in last):
        if time.time() > end:
            raise SystemExit('the master does not know: %s' % [
                q for node, q in last if not said(ctx, node, q)[0]])
        time.sleep(0.2)


def judged(tool, node, pods, questions):
    text = '\n'.join(json.dumps(q) for q in questions)
    p = subprocess.run([tool, '-N', node, '-p', pods, '-q', '-'],
                       input=text.encode(), capture_output=True, timeout=300,
                       check=False)
    if p.returncode not in (0, 1):
        raise SystemExit('ote-access: %d %s' % (p.returncode, p.stderr))
    out = [json.loads(line) for line in p.stdout.splitlines()]
    return [(o['allowed'], o.get('reason', '')) for o in out]


def stricter():
    """[(pattern, used)] of stricter.conf, of this master"""
    older = os.environ.get('OTE_MASTER') == 'older'
    here = os.path.dirname(os.path.abspath(__file__))
    out = []
    with open(here + '/stricter.conf', encoding='utf-8') as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                when, pattern = line.rstrip('\n').split('\t')
                if when == 'any' or (when == 'older') == older:
                    out.append([re.compile(pattern), 0])
    return out


def told(q):
    """A question as stricter.conf sees it."""
    if 'path' in q:
        return '%s %s' % (q['verb'], q['path'])
    return '%s %s.%s%s' % (q['verb'], q['resource'], q.get('group', ''),
                           '/' + q['subresource'] if 'subresource' in q
                           else '')


def compare(node, questions, theirs, ours, rules, counts):
    bad = []
    for q, (yes, why), (allowed, reason) in zip(questions, theirs, ours):
        counts['allowed'] += allowed
        if yes == allowed:
            counts['equal'] += 1
            if yes or why == reason:
                counts['reasons'] += 1
            else:
                bad.append('%s %s: %r, not %r' % (node, q, reason, why))
            continue
        rule = next((r for r in rules if r[0].search(told(q))), None)
        if allowed:
            bad.append('WIDER: %s %s' % (node, q))
        elif rule is None:
            bad.append('stricter: %s %s (%s)' % (node, q, why))
        else:
            rule[1] += 1
            counts['stricter'] += 1
    return bad


def main():
    cluster, tool, seed, least = sys.argv[1:]
    ctx = master.context(cluster)
    make(ctx)
    wait_until_known(ctx)
    r = random.Random(int(seed))
    rules = stricter()
    counts = dict.fromkeys(('allowed', 'equal', 'reasons', 'stricter'), 0)
    bad, n = [], 0
    with tempfile.NamedTemporaryFile('w', suffix='.jsonl') as f, \
            concurrent.futures.ThreadPoolExecutor(16) as pool:
        written(ctx, f)
        for node in objects.NODES:
            unique = {json.dumps(q, sort_keys=True): q for q in
                      itertools.chain(related(r), fixed())}
            questions = list(unique.values())
            if len(questions) < int(least):
                bad.append('only %d questions' % len(questions))
            theirs = list(pool.map(
                lambda q, who=node: said(ctx, who, q), questions))
            ours = judged(tool, node, f.name, questions)
            n += len(questions)
            bad += compare(node, questions, theirs, ours, rules, counts)
    bad += ['stricter.conf: never so: ' + p.pattern for p, used in rules
            if not used]
    print('seed %s: %d questions, %d equal (allowed %d, reasons %d), '
          'stricter %d, bad %d' % (seed, n, counts['equal'],
                                   counts['allowed'], counts['reasons'],
                                   counts['stricter'], len(bad)))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
