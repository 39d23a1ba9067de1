#!/usr/bin/env python3
"""asks.py KUBECONFIG: what Python's client finds out by asking, a line a fact

What it prints depends only on what the cluster holds, so that two runs can be
compared. A failure is a fact too: {"ask":A,"error":E}.
"""
import os
import sys
import tempfile

import facts
from kubernetes import client, dynamic, watch

NS = 'default'


def names(items):
    return ['%s %s' % (o.metadata.name, o.metadata.resource_version)
            for o in items]


def version(api):
    return client.VersionApi(api).get_code().git_version


def groups(api):
    return [g.name for g in client.ApisApi(api).get_api_versions().groups]


def resources(api):
    found = client.CoreV1Api(api).get_api_resources().resources
    return [r.name for r in found]


def selected(api):
    found = client.CoreV1Api(api).list_namespaced_config_map(
        NS, label_selector='app in (a1,a2)', resource_version='0')
    return names(found.items)


def pages(api):
    core, got, token = client.CoreV1Api(api), [], None
    while True:
        page = core.list_namespaced_config_map(NS, limit=6, _continue=token)
        got.append([o.metadata.name for o in page.items])
        token = page.metadata._continue
        if not token:
            return got


def one(api):
    return client.CoreV1Api(api).read_namespaced_secret('s1', NS).to_dict()


def missing(api):
    try:
        client.CoreV1Api(api).read_namespaced_config_map('none', NS)
    except client.ApiException as why:
        return [why.status, why.reason, why.body]
    return 'it is there'


def custom(api):
    return client.CustomObjectsApi(api).list_namespaced_custom_object(
        'example.com', 'v1', NS, 'widgets')['items']


def keys(api):
    return client.OpenidApi(api).get_service_account_issuer_open_id_keyset()


def watched(api):
    """The first events of a watch from nowhere, then its orderly end."""
    got = watch.Watch().stream(
        client.CoreV1Api(api).list_namespaced_config_map, NS,
        field_selector='metadata.name=c03', timeout_seconds=3)
    return [[e['type'], e['object'].metadata.name] for e in got]


def discovered(api):
    with tempfile.TemporaryDirectory() as cache:
        found = dynamic.DynamicClient(
            api, cache_file=os.path.join(cache, 'discovery')).resources
        return sorted('%s %s' % (r.group_version, r.name)
                      for r in found.search())


def dynamics(api):
    with tempfile.TemporaryDirectory() as cache:
        found = dynamic.DynamicClient(
            api, cache_file=os.path.join(cache, 'discovery')).resources
        widgets = found.get(api_version='example.com/v1', kind='Widget')
        return [names(widgets.get(namespace=NS).items),
                widgets.get(namespace=NS, name='w1').to_dict()]


def main():
    api = facts.api(sys.argv[1])
    for ask in (version, groups, resources, selected, pages, one, missing,
                custom, keys, watched, discovered, dynamics):
        try:
            facts.tell(ask=ask.__name__, got=ask(api))
        except Exception as why:  # pylint: disable=broad-except
            facts.tell(ask=ask.__name__, error=repr(why))


if __name__ == '__main__':
    main()
