#!/bin/sh
# edge-controller-found.t: what a controller finds that was not there before
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
ready='[.status.conditions[]|select(.type=="Ready")|.status+" "+.reason]'
lost='.status.conditions |= map(.status = "Unknown" | .reason = "NodeStatusUnknown")'
pods=cache/core/v1/pods/fieldSelector=spec.nodeName=a

pod() { # NAME READY REASON CONTAINERS
	jq -nc --arg n "$1" --arg r "$2" --arg w "$3" --arg c "$4" '{kind: "Pod",
		apiVersion: "v1", metadata: {name: $n, namespace: "x",
		uid: ("uid-" + $n)}, spec: {nodeName: "a"}, status:
		{phase: "Running", conditions: [{type: "ContainersReady",
		status: $c}, {type: "Ready", status: $r, reason: $w}]}}' |
		put pods "$1"
}

node a
step 0
grep -q 'edgenodes: no such feed: EdgeNodes are left out' "$T/err"
ok $? 'without the definition EdgeNodes are left out'
did 'and nothing is done' ''

change nodes a "$lost"
rm "$T/seen"
step 100
did 'a node found Unknown is taken over at once' 'renew a'
obey
step 101
did 'and made Ready' 'event a,ready a,taint a'
obey
has nodes a "$ready" '["True EdgeControllerReady"]'
step 102
did 'its pods are asked for' ''
is 'by a wish' "$(jq -c '[.path,.fieldSelector]' "$data"/wishes/pods-*)" \
	'["/api/v1/pods","spec.nodeName=a"]'
rm "$data"/wishes/*
step 102 -w "$T/pods.conf"
is 'or as a line of feeds.conf' "$(cut -d' ' -f1,2 "$T/pods.conf") $(ls "$data/wishes")" \
	'/api/v1/pods fieldSelector=spec.nodeName=a '
cd "$T" && certs tls
kubeconfig https://127.0.0.1:1 "$T/tls/ca.pem" >"$T/kc"
"$bin/ote-watch-sync" -n -k "$T/kc" -c "$T/pods.conf"
ok $? 'which is one'
feed "$pods" /api/v1/pods
printf '{"path":"/api/v1/pods","fieldSelector":"spec.nodeName=a"}\n' >"$data/$pods/feed"
mkdir "$o/pods"
pod web False '' True
pod bad False ContainersNotReady False
pod fine True '' True
render "$pods" Pod pods
step 103
did 'those that the master marked are made Ready' 'pod a'
is 'only those' "$(jq -r '.path + " " + .body.metadata.uid' "$T/out")" \
	'/api/v1/namespaces/x/pods/web/status uid-web'
obey pod
has pods web "$ready" '["True "]'

rm "$T/seen"
step 110
did 'who comes later goes on' 'pod a,renew a'
obey renew
has leases a ".metadata.annotations[\"$N/taken-over-since\"]" "\"$(when 100)\""
rm "$T/seen"
beat a
render "$pods" Pod pods
step 120
did 'and sees a return' 'event a,release a,untaint a'
obey

feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
step 130
obey
report() {
	change edgenodes a '.status.report.time = $t' --arg t "$(when "$1")"
	step "$1"
}
beat a
step 140
report 150
report 165
did 'a hub that reports while its kubelet is late' 'renew a'
obey
step 166
did 'is taken over' 'edgenode a,event a,taint a'
obey
report 171
did 'and let go when it is sure that the kubelet is dead' 'edgenode a,event a'
obey
has edgenodes a "$ready" '["False KubeletStopped"]'
has edgenodes a .status.report.time "\"$(when 171)\""
rm "$T/seen"
step 200
did 'also after a restart' ''
beat a
step 210
did 'until it lives' 'edgenode a,event a,release a,untaint a'
obey

step 220
step 230
obey
step 231
obey
change nodes a '.metadata.labels = {}'
step 232
did 'a node that is not selected any more' 'event a,untaint a'
obey
step 233
did 'then its Lease' 'release a'
obey
step 234
did 'and its EdgeNode last, as that says whose it was' 'edgenode a'
obey
step 235
did 'is left alone' ''
ok "$([ ! -e "$o/edgenodes/a" ]; echo $?)" 'and has no EdgeNode'
rm "$T/seen"
step 240 -A -M 1h
did 'all nodes' 'edgenode a,edgenode a'
obey

rm "$o/leases/a"
step 250 -A
obey
has edgenodes a "$ready" '["Unknown NoLease"]'
node a
change leases a '.spec.holderIdentity = "b"'
step 300 -A
obey
has edgenodes a "$ready" '["Unknown LeaseHeldByAnother"]'
step 400 -A
did 'a Lease that another holds is not touched' ''
long=$(printf 'n%0250d.x' 0)
node "$long"
change leases "$long" '.spec.renewTime = "2999-01-01T00:00:00.000000Z"'
step 410 -A
obey
step 430 -A
obey
has leases "$long" .spec.renewTime '"2999-01-01T00:00:00.000001Z"'
step 431 -A
is 'of a long name too' "$(jq -r 'select(.why == "event")|.body.metadata.name|length|. < 254' "$T/out")" true
done_testing
