#!/usr/bin/env python3
"""follow.py KUBECONFIG: follows ConfigMaps as Python's clients do

Lists, and watches from there, with the typed and with the dynamic client. A
line for each at every change: {"client":C,"store":{name:resourceVersion}}.
A watch that ends is begun again where it was; when that cannot be done, or
anything else fails, {"client":C,"error":E}, and a list anew. Ends by SIGTERM.
"""
import os
import sys
import tempfile
import threading
import time

import facts
from kubernetes import client, dynamic, watch

NS = 'default'


def typed(api):
    core = client.CoreV1Api(api)
    found = core.list_namespaced_config_map(NS)
    return found, watch.Watch().stream(
        core.list_namespaced_config_map, NS,
        resource_version=found.metadata.resource_version)


def dynamics(api):
    with tempfile.TemporaryDirectory() as cache:
        r = dynamic.DynamicClient(
            api, cache_file=os.path.join(cache, 'discovery')).resources.get(
                api_version='v1', kind='ConfigMap')
    found = r.get(namespace=NS)
    return found, r.watch(namespace=NS,
                          resource_version=found.metadata.resourceVersion)


def version(obj):
    meta = obj.metadata
    return getattr(meta, 'resource_version', None) or meta.resourceVersion


def follow(name, begin, api):
    found, events = begin(api)
    store = {o.metadata.name: version(o) for o in found.items}
    facts.tell(client=name, store=store)
    for event in events:
        obj = event['object']
        if event['type'] == 'DELETED':
            store.pop(obj.metadata.name, None)
        else:
            store[obj.metadata.name] = version(obj)
        facts.tell(client=name, store=store)


def forever(name, begin, api):
    while True:
        try:
            follow(name, begin, api)
        except Exception as why:  # pylint: disable=broad-except
            facts.tell(client=name, error=repr(why))
        time.sleep(0.2)


def main():
    api = facts.api(sys.argv[1])
    threading.Thread(target=forever, args=('dynamic', dynamics, api),
                     daemon=True).start()
    forever('typed', typed, api)


if __name__ == '__main__':
    main()
