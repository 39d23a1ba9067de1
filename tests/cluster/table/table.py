#!/usr/bin/env python3
"""table.py warm|online|offline CLUSTER: the hub's Tables beside the master's

warm asks the hub for every resource once, and waits until it has a feed of
each. online and offline compare the Tables of every resource, row by row: the
master is asked before and after the hub, and a cell must be what it was in one
of the two answers, or an age between theirs. Prints what is not the same and
exits with 1.
"""
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../same')
import same  # noqa: E402

TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
# Cells that 1.34 printed in another way: the node's architecture, a container's
# reason after its pod has failed, which class is the default.
SINCE_1_34 = {('nodes', 8), ('pods', 2), ('ingressclasses', 0)}
OLDER = os.environ.get('OTE_MASTER') == 'older'
# An age as kubectl prints it, and what its letters are in seconds.
AGE = re.compile(r'\b((?:[0-9]+[ydhms])+)\b')
UNITS = {'y': 31536000, 'd': 86400, 'h': 3600, 'm': 60, 's': 1}
# No feed can be made of what cannot be watched.
NO_WATCH = ('componentstatuses',)


def get(ctx, port, path, accept='application/json'):
    code, heads, body = same.ask(ctx, port, ('GET', path, accept))
    return code, body


def resources(ctx):
    """The collections of everything that can be listed and watched."""
    out = []
    groups = json.loads(get(ctx, same.MASTER, '/apis')[1])['groups']
    bases = ['/api/v1'] + ['/apis/' + v['groupVersion']
                           for g in groups for v in g['versions']]
    for base in bases:
        code, body = get(ctx, same.MASTER, base)
        if code != 200:  # of an APIService that is not there
            continue
        listed = json.loads(body)
        out += ['%s/%s' % (base, r['name']) for r in listed['resources']
                if 'list' in r['verbs'] and r['name'] not in NO_WATCH]
    return out


def synced(cluster, path):
    parts = path.strip('/').split('/')
    if parts[0] == 'api':
        parts.insert(1, 'core')
    journal = '%s/hub/data/cache/%s/all/journal' % (cluster,
                                                    '/'.join(parts[1:]))
    return os.path.exists(journal) and os.path.getsize(journal) > 0


def warm(ctx, cluster, paths):
    until = time.monotonic() + 300
    for path in paths:
        get(ctx, same.HUB, path)
    missing = paths
    while missing and time.monotonic() < until:
        missing = [p for p in missing if not synced(cluster, p)]
        time.sleep(0.2)
    for path in missing:
        print('no feed of %s' % path)
    return not missing


def ages(cell):
    """What a cell says besides ages, and the ages in seconds."""
    parts = AGE.split(cell)
    return parts[::2], [sum(int(n) * UNITS[unit] for n, unit in
                            re.findall('([0-9]+)([ydhms])', age))
                        for age in parts[1::2]]


def between(before, hub, after):
    """Whether the cells are the same but for ages, which go on."""
    if not all(isinstance(c, str) for c in (before, hub, after)):
        return False
    texts, times = zip(*map(ages, (before, hub, after)))
    return texts[0] == texts[1] == texts[2] and all(
        a <= b <= c for a, b, c in zip(*times))


def cells_differ(resource, before, hub, after):
    """The first cell that the master has in neither answer."""
    if len(hub) != len(before):
        return '%d cells, not %d' % (len(hub), len(before))
    for i, cell in enumerate(hub):
        if OLDER and (resource, i) in SINCE_1_34:
            continue
        was = [json.dumps(r[i]) for r in (before, after) if i < len(r)]
        if json.dumps(cell) not in was and not (
                i < len(after) and between(before[i], cell, after[i])):
            return 'cell %d: %s, not %s' % (i, json.dumps(cell), was[0])
    return None


def rows_differ(resource, before, hub, after):
    if resource == 'leases':  # the apiserver's own is renewed all the time
        for table in (before, hub, after):
            table['rows'] = [r for r in table['rows'] or [] if not r[
                'object']['metadata']['name'].startswith('apiserver-')]
    if (before['rows'] is None) != (hub['rows'] is None):
        return 'rows: %s, not %s' % (hub['rows'], before['rows'])
    tables = [t['rows'] or [] for t in (before, hub, after)]
    objects = [[json.dumps(r['object'], sort_keys=True) for r in rows] for rows in tables]
    if objects[1] not in (objects[0], objects[2]):
        names = [[r['object']['metadata']['name'] for r in rows]
                 for rows in tables]
        return 'other rows or objects: %s, not %s' % (names[1], names[0])
    if objects[0] != objects[2]:
        return 'the master changed'
    for b, h, a in zip(*tables):
        why = cells_differ(resource, b['cells'], h['cells'], a['cells'])
        if why:
            return '%s: %s' % (h['object']['metadata']['name'], why)
    return None


def columns(body):
    """The bytes of columnDefinitions."""
    return body[body.index('"columnDefinitions":'):body.index('"rows":')]


def differs(ctx, path):
    """How many rows, and what is not the same."""
    resource = path.split('/')[-1]
    path += '?resourceVersion=0'
    code, before = get(ctx, same.MASTER, path, TABLE)
    hub_code, hub = get(ctx, same.HUB, path, TABLE)
    after = get(ctx, same.MASTER, path, TABLE)[1]
    if hub_code != code or code != 200:
        return 0, 'status %d, not %d' % (hub_code, code)
    if columns(hub) != columns(before):
        return 0, 'columns: %s' % columns(hub)
    tables = [json.loads(t) for t in (before, hub, after)]
    return len(tables[1]['rows'] or []), rows_differ(resource, *tables)


def main():
    mode, cluster = sys.argv[1:]
    ctx = same.context(cluster)
    paths = resources(ctx)
    if mode == 'warm':
        return 0 if warm(ctx, cluster, paths) else 1
    bad = rows = 0
    empty = []
    for path in paths:
        n, why = differs(ctx, path)
        rows += n
        if why:
            bad += 1
            print('%s: %s' % (path, why))
        elif n == 0:
            empty.append(path)
    print('%d rows of %d resources, %d differ; without rows: %s' % (
        rows, len(paths), bad, ' '.join(empty) or 'none'))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
