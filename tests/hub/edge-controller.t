#!/bin/sh
# edge-controller.t: a node is cut off, comes back, stays away too long
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
ready='[.status.conditions[]|.type+"="+.status+" "+.reason]'
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes

node a
node b other
step 0
did 'a healthy node gets its EdgeNode' 'edgenode a,edgenode a'
obey
has edgenodes a .status.phase '"Ready"'
has edgenodes a .metadata.ownerReferences[0].uid '"uid-a"'
has edgenodes a "$ready" '["Ready=True KubeletReady","Autonomous=False Connected"]'
step 10
did 'and nothing more is done' ''
beat a
beat b
step 11
did 'for a heartbeat neither' ''
step 30
did 'nor for 19 seconds without' ''

step 31
did 'after 20 its Lease is renewed, and nothing else yet' 'renew a'
is 'with the resourceVersion that was seen' "$(jq -r .body.metadata.resourceVersion "$T/out")" \
	"$(jq -r .metadata.resourceVersion "$o/leases/a")"
obey
has leases a '.spec.renewTime' "\"$(when 31 | sed 's/Z$/.000000Z/')\""
has leases a '.spec.holderIdentity' '"a"'
step 32
did 'then it is told' 'edgenode a,event a,taint a'
obey
has nodes a '[.spec.taints[]|.key+":"+.effect]' "[\"$N/cut-off:NoSchedule\"]"
has edgenodes a '.status|[.phase,.lastHeartbeatTime,.takenOverSince]' \
	"[\"NotReady\",\"$(when 11)\",\"$(when 31)\"]"
has edgenodes a "$ready" '["Ready=False CutOff","Autonomous=True TakenOver"]'
is 'by an Event' "$(cat "$o"/events/* | jq -c '[.reason,.involvedObject.uid]')" '["EdgeNodeCutOff","uid-a"]'

change edgenodes a '.status.phase = "Ready" | .status.conditions[0].status = "True"'
change nodes a '.spec.taints += [{key: "x", effect: "NoExecute"}]'
step 33
obey
has edgenodes a "$ready" '["Ready=False CutOff","Autonomous=True TakenOver"]'
rm "$o/edgenodes/a"
step 34
obey
has edgenodes a '.status.conditions[0].lastTransitionTime' "\"$(when 31)\""

beat a
step 40
did 'all is undone in one round' 'edgenode a,event a,release a,untaint a'
obey
has nodes a '[.spec.taints[]|.key]' '["x"]'
has leases a .metadata.annotations null
has edgenodes a '.status|[.phase,.lastHeartbeatTime,.takenOverSince]' '["Ready",null,null]'
step 41
did 'once' ''
change edgenodes a '.status.observedBy = "me"'
step 41
did 'nobody else has written it' 'edgenode a'
obey
has edgenodes a .status.observedBy '"ote-edge-controller"'

change nodes a '.metadata.annotations[$k] = "5m"' --arg k $N/max-autonomy
beat a
step 50
step 70
obey
step 71
obey
step 349
did 'as long as it may' 'renew a'
obey
step 350
did 'and then it is let go' 'edgenode a,event a'
obey
has edgenodes a "$ready" '["Ready=False AutonomyExceeded","Autonomous=False AutonomyExceeded"]'
step 370
did 'for good' ''
beat a
step 380
did 'until it is back' 'edgenode a,event a,release a,untaint a'
obey

change nodes a '.metadata.annotations[$k] = "soon"' --arg k $N/max-autonomy
beat a
step 390
did 'an annotation that is no duration' 'event a'
rm "$o/nodes/a"
step 500
did 'a node that is gone is left gone' ''
done_testing
