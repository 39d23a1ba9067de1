#!/bin/sh
# objects.sh: what the requests of requests_made.py ask for, as YAML
set -eu
cat <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
END
for i in $(seq 20); do
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%02d\n' "$i"
	printf '  namespace: default\n  labels: {app: a%d, n: "%d"}\n' $((i % 3)) "$i"
	printf 'data: {k: v%d}\n' "$i"
done
for i in 1 2 3; do
	printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: s%d, namespace: default, labels: {app: a%d}}\n' "$i" "$i"
	printf 'stringData: {k: v}\n'
done
for i in 1 2 3; do
	printf -- '---\napiVersion: example.com/v1\nkind: Widget\n'
	printf 'metadata: {name: w%d, namespace: default, labels: {app: a%d}}\nspec: {size: %d}\n' "$i" "$i" "$i"
done
