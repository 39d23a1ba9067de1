#!/usr/bin/env python3
"""writes.py CLUSTER RESTRICT: lib/node_restriction beside NodeRestriction

Writes of kubelets go to the master (?dryRun=All), with what rules.py made
there, and to tests/hub/restrict: both admit them, or refuse them in the same
words. Prints a summary, the differences, and exits with 1 if any.
"""
import base64
import copy
import json
import subprocess
import sys

import master
import objects

NODE = 'edge-1'
LABELS = {'a.node-restriction.kubernetes.io/a': '', 'x.kubernetes.io/b': '',
          'kubelet.kubernetes.io/c': '', 'a.kubelet.kubernetes.io/d': '',
          'kubernetes.io/hostname': 'h', 'example.com/e': '', 'k8s.io/f': '',
          'node.kubernetes.io/g': '', 'kubernetes.io/h': '', 'plain': '',
          'topology.kubernetes.io/zone': 'z', 'xkubernetes.io/i': '',
          'node-restriction.kubernetes.io/j': ''}
PODS = '/api/v1/namespaces/%s/pods'
# Both refuse it, but in other words: another plugin comes first, Go tells two
# structures apart, the drivers of volumes are not known.
LOOSE = ('a mirror pod may not', 'error looking up service account',
         'update fields other than', 'error validating audience')


class Case:
    """A write of a kubelet."""

    def __init__(self, name, method, path, new=None, old=None, node=NODE):
        self.name, self.method, self.path = name, method, path
        self.new, self.old, self.node = new, old, node

    def question(self, uids):
        """As tests/hub/restrict takes it."""
        parts = self.path.strip('/').split('/')
        group = ''
        if parts[0] == 'apis':
            group, parts = parts[1], parts[3:]
        else:
            parts = parts[2:]
        ns = ''
        if parts[0] == 'namespaces':
            ns, parts = parts[1], parts[2:]
        parts += [''] * (3 - len(parts))
        return {'node': self.node, 'node_uid': uids.get(self.node, ''),
                'verb': {'POST': 'create', 'PUT': 'update',
                         'DELETE': 'delete'}[self.method],
                'group': group, 'resource': parts[0], 'namespace': ns,
                'name': parts[1], 'subresource': parts[2],
                'old': self.old, 'new': self.new}


def changed(o, path, value):
    """A copy; value None: without it."""
    out = copy.deepcopy(o)
    at = out
    for p in path[:-1]:
        at = at[p] if isinstance(p, int) else at.setdefault(p, {})
    if value is None:
        at.pop(path[-1], None)
    else:
        at[path[-1]] = value
    return out


def nodes(ctx):
    """Of Nodes."""
    def make(name, **more):
        return {'kind': 'Node', 'apiVersion': 'v1',
                'metadata': dict(more, name=name)}
    at = '/api/v1/nodes'
    yield Case('node-create', 'POST', at, make('edge-9'), node='edge-9')
    yield Case('node-other', 'POST', at, make('edge-9'))
    yield Case('node-labels', 'POST', at, make('edge-9', labels=LABELS),
               node='edge-9')
    yield Case('node-source', 'POST', at, dict(
        make('edge-9'), spec={'configSource': {'configMap': {
            'name': 'x', 'namespace': 'x', 'kubeletConfigKey': 'k'}}}),
        node='edge-9')
    old = master.must(ctx, 'GET', at + '/' + NODE, None)
    at += '/' + NODE
    for sub in ('', '/status'):
        for name, new in (
                ('same', old),
                ('taints', changed(old, ('spec', 'taints'), [
                    {'key': 'a', 'effect': 'NoSchedule'}])),
                ('no-taints', changed(old, ('spec', 'taints'), None)),
                ('owner', changed(old, ('metadata', 'ownerReferences'), [
                    {'apiVersion': 'v1', 'kind': 'Node', 'name': 'x',
                     'uid': 'x'}])),
                ('labels', changed(old, ('metadata', 'labels'), LABELS)),
                ('label', changed(old, ('metadata', 'labels'), {
                    'kubernetes.io/os': 'x', 'a': 'b'})),
                ('annotation', changed(old, ('metadata', 'annotations'), {
                    'a': 'b'})),
                ('cidr', changed(old, ('spec', 'podCIDR'), '10.0.0.0/24'))):
            yield Case('node%s-%s' % (sub, name), 'PUT', at + sub, new, old)
        yield Case('node%s-foreign' % sub, 'PUT', at + sub, old, old,
                   'edge-2')


def mirrors(uids):
    """Creations of pods."""
    good = objects.mirror('one', 'm', NODE, uids[NODE])
    owner = ('metadata', 'ownerReferences', 0)
    two = changed(good, owner[:2], good['metadata']['ownerReferences'] + [
        {'apiVersion': 'v1', 'kind': 'Node', 'name': 'x', 'uid': 'x'}])
    for name, new in (
            ('good', good),
            ('none', changed(good, ('metadata', 'annotations'), None)),
            ('foreign', objects.mirror('one', 'm', 'edge-2', uids['edge-2'])),
            ('owners', two),
            ('orphan', changed(good, owner[:2], None)),
            ('kind', changed(good, owner + ('kind',), 'Pod')),
            ('other', changed(good, owner + ('name',), 'edge-2')),
            ('controller', changed(good, owner + ('controller',), False)),
            ('block', changed(good, owner + ('blockOwnerDeletion',), True)),
            ('uid', changed(good, owner + ('uid',), 'x')),
            ('account', changed(good, ('spec', 'serviceAccountName'),
                                'web-sa')),
            ('env', changed(good, ('spec', 'containers', 0, 'envFrom'), [
                {'secretRef': {'name': 'x'}}])),
            ('pull', changed(good, ('spec', 'imagePullSecrets'), [
                {'name': 'x'}])),
            ('claims', changed(good, ('spec', 'resourceClaims'), [
                {'name': 'a', 'resourceClaimName': 'x'}]))):
        yield Case('mirror-' + name, 'POST', PODS % 'one', new)
    projected = [
        {'secret': {'name': 'x'}}, {'configMap': {'name': 'x'}},
        {'serviceAccountToken': {'path': 'x'}},
        {'clusterTrustBundle': {'name': 'x', 'path': 'x'}},
        {'podCertificate': {'signerName': 'a/b', 'keyType': 'ED25519'}},
        {'downwardAPI': {'items': []}}, {}]
    sources = objects.volumes('x') + [
        {'projected': {'sources': [s]}} for s in projected] + [
        {}, {'hostPath': {'path': '/x'}}, {'nfs': {'server': 's', 'path': '/'}},
        {'glusterfs': {'endpoints': 'e', 'path': 'p'}},
        {'gitRepo': {'repository': 'r'}}, {'downwardAPI': {'items': []}},
        {'image': {'reference': 'r'}}, {'fc': {'wwids': ['w']}},
        {'awsElasticBlockStore': {'volumeID': 'v'}},
        {'iscsi': {'targetPortal': '10.0.0.1', 'lun': 0, 'iqn': 'i'}}]
    for i, source in enumerate(sources):
        kind = [k for k in source if k != 'name'] or ['none']
        volume = dict(source, name='v')
        yield Case('mirror-v%d-%s' % (i, kind[0]), 'POST', PODS % 'one',
                   changed(good, ('spec', 'volumes'), [volume]))


def pods(ctx):
    """Of pods that are there, and of one that is not."""
    for ns, name in (('one', 'web'), ('one', 'job'), ('one', 'none'),
                     ('one', 'web-mirror')):
        at = PODS % ns + '/' + name
        code, old = master.ask(ctx, 'GET', at)
        if code != 200:
            old = None
        new = old or {'kind': 'Pod', 'apiVersion': 'v1', 'metadata': {
            'name': name, 'namespace': ns}}
        claims = ('status', 'resourceClaimStatuses')
        for what, o in (
                ('same', new),
                ('phase', changed(new, ('status', 'phase'), 'Failed')),
                ('labels', changed(new, ('metadata', 'labels'), {'a': 'b'})),
                ('claims', changed(new, claims, [
                    {'name': 'b', 'resourceClaimName': 'secret'}])),
                ('no-claims', changed(new, claims, None)),
                ('annotation', changed(new, ('metadata', 'annotations'), {
                    'a': 'b'}))):
            yield Case('status-%s-%s' % (name, what), 'PUT', at + '/status',
                       o, old)
        yield Case('delete-' + name, 'DELETE', at, None, old)
        yield Case('evict-' + name, 'POST', at + '/eviction', {
            'kind': 'Eviction', 'apiVersion': 'policy/v1',
            'metadata': {'name': name, 'namespace': ns}}, old)


def tokens(ctx):
    """For service accounts of pods of the node."""
    at = '/api/v1/namespaces/one/serviceaccounts/web-sa/token'
    web = master.must(ctx, 'GET', PODS % 'one' + '/web', None)
    job = master.must(ctx, 'GET', PODS % 'one' + '/job', None)

    def request(pod, audiences, **more):
        ref = {'apiVersion': 'v1', 'kind': 'Pod',
               'name': pod['metadata']['name'], 'uid': pod['metadata']['uid']}
        ref.update(more)
        return {'kind': 'TokenRequest',
                'apiVersion': 'authentication.k8s.io/v1',
                'spec': {'audiences': audiences, 'boundObjectRef': ref}}
    for name, new, pod in (
            ('good', request(web, ['aud']), web),
            ('default', request(web, []), web),
            ('audience', request(web, ['other']), web),
            ('audiences', request(web, ['aud', 'b']), web),
            ('uid', request(web, ['aud'], uid='x'), web),
            ('no-uid', request(web, ['aud'], uid=''), web),
            ('kind', request(web, ['aud'], kind='Secret'), web),
            ('version', request(web, ['aud'], apiVersion='v2'), web),
            ('no-name', request(web, ['aud'], name=''), web),
            ('unbound', {'kind': 'TokenRequest',
                         'apiVersion': 'authentication.k8s.io/v1',
                         'spec': {}}, web),
            ('gone', request(web, ['aud'], name='none'), None),
            ('foreign', request(job, ['aud']), job)):
        yield Case('token-' + name, 'POST', at, new, pod)


def claims(ctx):
    """Of the status of a claim that a pod of the node has."""
    at = '/api/v1/namespaces/one/persistentvolumeclaims/web-claim'
    old = master.must(ctx, 'GET', at, None)
    for name, new in (
            ('same', old),
            ('capacity', changed(old, ('status', 'capacity'), {
                'storage': '1Gi'})),
            ('phase', changed(old, ('status', 'phase'), 'Lost')),
            ('labels', changed(old, ('metadata', 'labels'), {'a': 'b'})),
            ('finalizers', changed(old, ('metadata', 'finalizers'), None)),
            ('spec', changed(old, ('spec', 'volumeName'), 'x'))):
        yield Case('claim-' + name, 'PUT', at + '/status', new, old)


def request(cn, *more):
    """A certificate request, PEM in base64."""
    subject = '/O=system:nodes' + ''.join('/CN=' + c for c in (cn,) + more)
    pem = subprocess.run(
        ['openssl', 'req', '-new', '-nodes', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:prime256v1', '-keyout', '/dev/null', '-subj',
         subject], capture_output=True, check=True, timeout=30).stdout
    return base64.b64encode(pem).decode()


def others():
    """Leases, CSINodes, ResourceSlices and certificates."""
    lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    csi = '/apis/storage.k8s.io/v1/csinodes'
    slices = '/apis/resource.k8s.io/v1/resourceslices'
    csr = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
    for name in (NODE, 'edge-2', ''):
        meta = {'name': name} if name else {'generateName': 'x-'}
        yield Case('lease-' + name, 'POST', lease, {
            'kind': 'Lease', 'apiVersion': 'coordination.k8s.io/v1',
            'metadata': meta, 'spec': {}})
        yield Case('csinode-' + name, 'POST', csi, {
            'kind': 'CSINode', 'apiVersion': 'storage.k8s.io/v1',
            'metadata': meta, 'spec': {'drivers': []}})
        yield Case('slice-' + name, 'POST', slices, objects.resource_slice(
            'new', name))
    yield Case('slice-delete', 'DELETE', slices + '/sl-' + NODE, None,
               objects.resource_slice('sl-' + NODE, NODE))
    yield Case('lease-put', 'PUT', lease + '/' + NODE, {
        'kind': 'Lease', 'apiVersion': 'coordination.k8s.io/v1',
        'metadata': {'name': NODE}, 'spec': {}})
    mine, other = 'system:node:' + NODE, 'system:node:edge-2'
    for name, signer, text in (
            ('mine', 'kubernetes.io/kubelet-serving', request(mine)),
            ('client', 'kubernetes.io/kube-apiserver-client-kubelet',
             request(mine)),
            ('other', 'kubernetes.io/kubelet-serving', request(other)),
            ('two', 'kubernetes.io/kubelet-serving', request(other, mine)),
            ('twice', 'kubernetes.io/kubelet-serving', request(mine, other)),
            ('free', 'kubernetes.io/kube-apiserver-client', request('x'))):
        yield Case('csr-' + name, 'POST', csr, {
            'kind': 'CertificateSigningRequest',
            'apiVersion': 'certificates.k8s.io/v1',
            'metadata': {'name': 'x'},
            'spec': {'signerName': signer, 'request': text,
                     'usages': ['digital signature', 'client auth']}})


def theirs(ctx, case):
    """(403 or 404 of NodeRestriction, message), or (0, '')"""
    code, answer = master.ask(
        ctx, case.method, case.path + '?dryRun=All', case.new,
        'system:node:' + case.node, ['system:nodes', 'system:authenticated'])
    message = answer.get('message', '')
    if code == 403 and 'User "system:node' in message:
        raise SystemExit('%s: %s' % (case.name, message))
    return (code, message) if code in (403, 404) else (0, '')


def differs(case, want, got):
    """What is wrong, or None."""
    if want == got:
        return None
    if want[0] and got[0] and any(w in want[1] for w in LOOSE):
        return None
    return '%s: %s, not %s' % (case.name, got, want)


def main():
    cluster, tool = sys.argv[1:]
    ctx = master.context(cluster)
    uids = {n['metadata']['name']: n['metadata']['uid'] for n in
            master.must(ctx, 'GET', '/api/v1/nodes', None)['items']}
    cases = list(nodes(ctx)) + list(mirrors(uids)) + list(pods(ctx)) + \
        list(tokens(ctx)) + list(claims(ctx)) + list(others())
    text = '\n'.join(json.dumps(c.question(uids)) for c in cases)
    out = subprocess.run([tool], input=text.encode(), capture_output=True,
                         timeout=300, check=True).stdout.splitlines()
    ours = [(o['code'], o['message']) for o in map(json.loads, out)]
    want = [theirs(ctx, c) for c in cases]
    bad = [b for b in map(differs, cases, want, ours) if b]
    print('%d writes: %d admitted, %d refused, %d in the same words, bad %d' %
          (len(cases), sum(w[0] == 0 for w in want),
           sum(w[0] != 0 for w in want),
           sum(w == o for w, o in zip(want, ours) if w[0]), len(bad)))
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
