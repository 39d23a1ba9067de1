"""Random patches of an object: of each type, most of them good."""
import copy
import json

KEYS = {'ownerReferences': 'uid', 'conditions': 'type', 'addresses': 'type',
        'containers': 'name', 'env': 'name', 'volumes': 'name',
        'imagePullSecrets': 'name', 'volumeMounts': 'mountPath',
        'hostAliases': 'ip', 'podIPs': 'ip', 'hostIPs': 'ip',
        'secrets': 'name', 'drivers': 'name'}
SETS = ('finalizers', 'podCIDRs')
HIDDEN = ('managedFields', 'resourceVersion', 'uid', 'creationTimestamp',
          'generation', 'name', 'namespace', 'apiVersion', 'kind', 'selfLink')
MALFORMED = ['', ' ', '{', '[', '"', 'nul', 'null', '1', '"x"', 'true', '[]',
             '{}', '[1]', '[[]]', '[null]', '{"a":}', '{"a" 1}', '{"a":1,}',
             '[1,]', '{a:1}', '{"a":1}x', '\x01', '{"a":"\n"}', '"\\x"',
             '"\\u12g4"', '01', '1.', '-', '1e', '+1', '[1 2]', '{"a":1 "b"}',
             '{1:2}', 'tru', 'falsy', '{"a":tx}', '[{"op":1}]',
             '[{"op":"add","path":5}]', '[{"op":"move","from":{},"path":"/a"}]',
             '[{"op":"x"}]', '[{}]', '[{"op":"add"}]', '[{"op":null}]',
             '[{"op":"remove","path":"/none"}]', '{"metadata":[]}',
             '{"$patch":"merge"}', '{"$patch":"x"}', '{"$retainKeys":1}',
             '{"$setElementOrder":[]}', '{"$setElementOrder/x":1}',
             '{"metadata":{"$patch":"what"}}',
             '{"metadata":{"$setElementOrder/labels":[]}}',
             '{"metadata":{"$deleteFromPrimitiveList":["a"]}}',
             '{"metadata":{"$setElementOrder/finalizers":["a"],'
             '"finalizers":["b"]}}',
             '{"metadata":{"ownerReferences":[{"name":"x"}]}}',
             '{"metadata":{"ownerReferences":[{"$patch":"delete"}]}}',
             '{"metadata":{"ownerReferences":[{"$patch":"merge"}]}}',
             '{"metadata":{"ownerReferences":["x"]}}',
             '{"metadata":{"finalizers":[{"a":1.5,"b":[true,null,"c"]}]}}',
             '{"metadata":{"finalizers":[["a"]]}}',
             '{"metadata":{"$retainKeys":["labels"],"annotations":{"a":"b"}}}']


class Maker:
    def __init__(self, rnd):
        self.r = rnd

    def few(self, things, most=3):
        things = list(things)
        return self.r.sample(things, min(len(things),
                                         self.r.randint(1, most)))

    def scalar(self, was):
        if isinstance(was, bool):
            return not was
        if isinstance(was, int):
            return was + self.r.randint(-1, 3)
        return self.r.choice([was, 'w%d' % self.r.randint(0, 99)])

    # --- strategic ---

    def strategic(self, o):
        patch = {}
        names = [k for k in o if k not in HIDDEN]
        if not names:
            return {'new': 'x'}
        if self.r.random() < .03:
            return {'$patch': self.r.choice(['replace', 'delete', 'replace']),
                    **{k: copy.deepcopy(o[k]) for k in self.few(names)}}
        for k in self.few(names):
            v = o[k]
            p = self.r.random()
            if p < .08:
                patch[k] = None
            elif isinstance(v, dict):
                patch[k] = self.strategic(v)
            elif not isinstance(v, list):
                patch[k] = self.scalar(v)
            elif v and isinstance(v[0], dict):
                self.maps(patch, k, v)
            else:
                self.scalars(patch, k, v)
        if self.r.random() < .06:
            kept = self.few(o) + list(patch)
            patch['$retainKeys'] = [k for k in kept if k[0] != '$']
        if self.r.random() < .1:
            patch['added'] = self.r.choice(
                ['x', {'a': None, 'b': 'c'}, {'$patch': 'delete'},
                 {'$patch': 'replace', 'q': 'r'}, None])
        return patch

    def maps(self, patch, k, v):
        key = KEYS.get(k) or ('containerPort' if 'containerPort' in v[0]
                              else 'port' if k == 'ports' else 'name')
        out = []
        for e in self.few(v):
            p = self.r.random()
            if p < .2:
                out.append({'$patch': 'delete', key: e.get(key)})
            elif p < .3:
                fresh = copy.deepcopy(e)
                fresh[key] = (self.r.randint(100, 999)
                              if isinstance(e.get(key), int)
                              else 'new%d' % self.r.randint(0, 9))
                out.append(fresh)
            elif p < .35:
                out.append(copy.deepcopy(e))
            else:
                one = self.strategic(e)
                if self.r.random() < .97:
                    one[key] = e.get(key)
                out.append(one)
        if self.r.random() < .08:
            out.insert(self.r.randint(0, len(out)), {'$patch': 'replace'})
        if self.r.random() < .01:
            out.append('odd')
        if self.r.random() < .9:
            patch[k] = out
        if self.r.random() < .4:
            values = [e.get(key) for e in v] + [
                e.get(key) for e in out if isinstance(e, dict)
                and '$patch' not in e]
            self.order(patch, k, values, [
                e.get(key) for e in out if isinstance(e, dict)
                and '$patch' not in e], key)

    def order(self, patch, k, values, must, key):
        """Mostly in an order that the patch has too."""
        chosen = [x for x in dict.fromkeys(values) if x not in must
                  and self.r.random() < .7 and x is not None]
        self.r.shuffle(chosen)
        for i, x in enumerate(must):
            chosen.insert(min(len(chosen), i * 2), x)
        if self.r.random() < .1:
            self.r.shuffle(chosen)
        patch['$setElementOrder/' + k] = (
            [{key: x} for x in chosen] if key else chosen)

    def scalars(self, patch, k, v):
        fresh = ['test.io/n%d' % self.r.randint(0, 5)
                 for _ in range(self.r.randint(0, 2))]
        out = self.few(v, 2) if v else []
        out = out + [f for f in fresh if f not in out]
        if self.r.random() < .8:
            patch[k] = out
        if v and self.r.random() < .3:
            gone = self.few(v, 2)
            patch['$deleteFromPrimitiveList/' + k] = gone
            if k in patch:  # or its order is of chance on the master
                patch[k] = [x for x in out if x not in gone]
        if self.r.random() < .3 and k in SETS:
            self.order(patch, k, list(v) + out, patch.get(k, []), '')

    # --- merge ---

    def merge(self, o):
        patch = {}
        names = [k for k in o if k not in HIDDEN]
        for k in self.few(names) if names else []:
            v = o[k]
            p = self.r.random()
            if p < .15:
                patch[k] = None
            elif isinstance(v, dict):
                patch[k] = self.merge(v)
            elif isinstance(v, list):
                patch[k] = copy.deepcopy(self.few(v)) if v else []
                if patch[k] and isinstance(patch[k][0], dict) and p < .3:
                    patch[k][0]['none'] = None
            else:
                patch[k] = self.scalar(v)
        if self.r.random() < .2:
            patch['n%d' % self.r.randint(0, 3)] = self.r.choice(
                ['v', None, {'a': {'b': None}}, [1, None], 5])
        return patch

    # --- JSON ---

    def pointers(self, o, at=''):
        out = []
        items = o.items() if isinstance(o, dict) else enumerate(o)
        for k, v in items:
            if k in HIDDEN:
                continue
            p = at + '/' + str(k).replace('~', '~0').replace('/', '~1')
            out.append((p, v))
            if isinstance(v, (dict, list)):
                out += self.pointers(v, p)
        return out

    def path(self, all_):
        p, v = self.r.choice(all_)
        x = self.r.random()
        if isinstance(v, list) and x < .6:
            p += '/' + self.r.choice(['-', '0', '-1', '1', '00', '+0', '99',
                                      '-99', 'x', ''])
        elif isinstance(v, dict) and x < .5:
            p += '/' + self.r.choice(['new', 'a~1b', 'c~0d', '~01', 'x/y'])
        elif x > .97:
            p = self.r.choice(['', 'metadata/labels/a', '/', 'none', p[1:]])
        return p, v

    def json(self, o):
        out = []
        for _ in range(self.r.randint(1, 3)):
            all_ = self.pointers(o)
            p, v = self.path(all_)
            op = self.r.choice(['add', 'remove', 'replace', 'test', 'move',
                                'copy', 'add', 'test', 'copy'])
            one = {'op': op, 'path': p}
            if op in ('move', 'copy'):
                one['from'] = self.path(all_)[0]
                if self.r.random() < .6:
                    one['from'] = '/metadata/labels/a'
                    one['path'] = '/metadata/annotations/k'
            elif op != 'remove' and self.r.random() < .97:
                one['value'] = copy.deepcopy(
                    v if op == 'test' or not isinstance(v, str)
                    else self.scalar(v))
                if self.r.random() < .05:
                    one['value'] = None
            out.append(one)
        if self.r.random() < .02:
            out.append(self.r.choice([{'op': 'bad', 'path': '/a'}, {}, None,
                                      {'op': 'add'}, {'op': 'copy'}]))
        return out

    def pair(self, o):
        """(type, text): what is sent."""
        kind = self.r.choice(['strategic', 'strategic', 'json', 'merge'])
        if self.r.random() < .06:
            return kind, self.r.choice(MALFORMED)
        focus = o
        if self.r.random() < .5 and kind != 'json':
            k = self.r.choice([k for k in o if isinstance(o[k], dict)])
            return kind, json.dumps({k: getattr(self, kind)(focus[k])})
        return kind, json.dumps(getattr(self, kind)(focus))
