"""Two nodes, and pods on them that refer to all that a pod can refer to."""

NODES = ('edge-1', 'edge-2')
NAMESPACES = ('one', 'two')
IMAGE = 'none.invalid/none'


def namespaced(ns, resource, api='/api/v1'):
    return '%s/namespaces/%s/%s' % (api, ns, resource)


def volumes(p):
    """Each source of a volume that names something; p: a prefix."""

    def with_ref(name, **more):
        return dict(more, secretRef={'name': '%s-%s' % (p, name)})
    sources = [
        {'secret': {'secretName': p + '-vol'}},
        {'secret': {'secretName': p + '-shared'}},
        {'configMap': {'name': p + '-cvol'}},
        {'projected': {'sources': [
            {'secret': {'name': p + '-pro'}},
            {'configMap': {'name': p + '-cpro'}},
            {'serviceAccountToken': {'path': 't', 'audience': 'aud'}},
            {'downwardAPI': {'items': []}}]}},
        {'azureFile': {'secretName': p + '-azure', 'shareName': 's'}},
        {'cephfs': with_ref('ceph', monitors=['m'])},
        {'cinder': with_ref('cinder', volumeID='v')},
        {'flexVolume': with_ref('flex', driver='a/b')},
        {'rbd': with_ref('rbd', monitors=['m'], image='i')},
        {'scaleIO': with_ref('scale', gateway='g', system='s',
                             volumeName='v')},
        {'iscsi': with_ref('iscsi', targetPortal='10.0.0.1', lun=0,
                           iqn='iqn.2001-04.com.example:storage.x')},
        {'storageos': with_ref('sos', volumeName='v')},
        {'csi': {'driver': 'csi.example.com',
                 'nodePublishSecretRef': {'name': p + '-csi'}}},
        {'persistentVolumeClaim': {'claimName': p + '-claim'}},
        {'ephemeral': {'volumeClaimTemplate': {'spec': {
            'accessModes': ['ReadWriteOnce'],
            'resources': {'requests': {'storage': '1Gi'}}}}}},
        {'emptyDir': {}},
    ]
    return [dict(s, name='v%d' % i) for i, s in enumerate(sources)]


def pod(ns, p, node):
    return {
        'kind': 'Pod', 'apiVersion': 'v1',
        'metadata': {'name': p, 'namespace': ns},
        'spec': {
            'nodeName': node, 'serviceAccountName': p + '-sa',
            'imagePullSecrets': [{'name': p + '-pull'}],
            'initContainers': [{'name': 'i', 'image': IMAGE, 'envFrom': [
                {'secretRef': {'name': p + '-from'}},
                {'configMapRef': {'name': p + '-cfrom'}}]}],
            'containers': [{'name': 'c', 'image': IMAGE, 'env': [
                {'name': 'A', 'value': p + '-value'},
                {'name': 'S', 'valueFrom': {'secretKeyRef': {
                    'name': p + '-env', 'key': 'k'}}},
                {'name': 'C', 'valueFrom': {'configMapKeyRef': {
                    'name': p + '-cenv', 'key': 'k'}}}]}],
            'volumes': volumes(p),
            'resourceClaims': [
                {'name': 'a', 'resourceClaimName': p + '-rc'},
                {'name': 'b', 'resourceClaimTemplateName': p + '-tmpl'},
                {'name': 'c', 'resourceClaimTemplateName': p + '-late'}]}}


def pod_status(p):
    return {'phase': 'Running', 'resourceClaimStatuses': [
        {'name': 'b', 'resourceClaimName': p + '-made'}]}


def mirror(ns, name, node, uid):
    return {
        'kind': 'Pod', 'apiVersion': 'v1',
        'metadata': {'name': name, 'namespace': ns, 'annotations': {
            'kubernetes.io/config.mirror': 'x'},
            'ownerReferences': [{
                'apiVersion': 'v1', 'kind': 'Node', 'name': node, 'uid': uid,
                'controller': True}]},
        'spec': {'nodeName': node, 'automountServiceAccountToken': False,
                 'containers': [{'name': 'c', 'image': IMAGE}],
                 'tolerations': [{'operator': 'Exists'}]}}


def volume(name, ns, claim, source):
    spec = {'capacity': {'storage': '1Gi'}, 'accessModes': ['ReadWriteOnce'],
            'persistentVolumeReclaimPolicy': 'Retain'}
    spec.update(source)
    if claim:
        spec['claimRef'] = {'kind': 'PersistentVolumeClaim',
                            'apiVersion': 'v1', 'namespace': ns,
                            'name': claim}
    return {'kind': 'PersistentVolume', 'apiVersion': 'v1',
            'metadata': {'name': name}, 'spec': spec}


def pv_sources(p):
    def ref(what, ns=None):
        r = {'name': '%s-pv-%s' % (p, what)}
        if ns:
            r['namespace'] = ns
        return r
    return {
        'csi': {'csi': {
            'driver': 'csi.example.com', 'volumeHandle': 'h',
            'controllerPublishSecretRef': ref('ctl', 'deep'),
            'controllerExpandSecretRef': ref('cexp', 'deep'),
            'nodePublishSecretRef': ref('pub', 'deep'),
            'nodeStageSecretRef': ref('stage', 'deep'),
            'nodeExpandSecretRef': ref('nexp', 'deep')}},
        'azure': {'azureFile': {'secretName': p + '-pv-az',
                                'shareName': 's', 'secretNamespace': 'deep'}},
        'ceph': {'cephfs': {'monitors': ['m'], 'secretRef': ref('ceph')}},
        'rbd': {'rbd': {'monitors': ['m'], 'image': 'i',
                        'secretRef': ref('rbd', 'deep')}},
        'flex': {'flexVolume': {'driver': 'a/b', 'secretRef': ref('flex')}},
        'iscsi': {'iscsi': {'targetPortal': '10.0.0.1', 'lun': 0,
                            'iqn': 'iqn.2001-04.com.example:storage.x',
                            'secretRef': ref('iscsi', 'deep')}},
        'local': {'hostPath': {'path': '/tmp/' + p}},
    }


def attachment(name, node):
    return {'kind': 'VolumeAttachment', 'apiVersion': 'storage.k8s.io/v1',
            'metadata': {'name': name},
            'spec': {'attacher': 'csi.example.com', 'nodeName': node,
                     'source': {'persistentVolumeName': 'pv'}}}


def resource_slice(name, node):
    spec = {'driver': 'dra.example.com', 'pool': {
        'name': name, 'generation': 1, 'resourceSliceCount': 1},
        'devices': []}
    spec.update({'nodeName': node} if node else {'allNodes': True})
    return {'kind': 'ResourceSlice', 'apiVersion': 'resource.k8s.io/v1',
            'metadata': {'name': name}, 'spec': spec}


def claim(ns, name):
    return {'kind': 'PersistentVolumeClaim', 'apiVersion': 'v1',
            'metadata': {'name': name, 'namespace': ns},
            'spec': {'accessModes': ['ReadWriteOnce'],
                     'storageClassName': '',
                     'resources': {'requests': {'storage': '1Gi'}}}}


def names(p):
    """{resource: names} that a pod p has anything to do with, or might."""
    secrets = ('vol shared cvol pro azure ceph cinder flex rbd scale iscsi '
               'sos csi pull from env value pv-ctl pv-cexp pv-pub pv-stage '
               'pv-nexp pv-az pv-ceph pv-rbd pv-flex pv-iscsi')
    return {
        'secrets': [p + '-' + s for s in secrets.split()],
        'configmaps': [p + '-' + s for s in
                       'cvol cpro cfrom cenv vol value'.split()],
        'persistentvolumeclaims': [p + '-claim', p + '-v14', p + '-v0', p],
        'persistentvolumes': ['%s-%s' % (p, s) for s in pv_sources(p)] +
                             [p + '-free'],
        'resourceclaims': [p + '-' + s for s in
                           'rc made tmpl late ext a'.split()],
        'serviceaccounts': [p + '-sa', 'default', p],
        'pods': [p, p + '-mirror', p + '-none'],
    }
