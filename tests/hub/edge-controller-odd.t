#!/bin/sh
# edge-controller-odd.t: what is not as it should be: annotations, Leases, names,
# a kubelet that stops while its hub goes on
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
ready='.status.conditions[]|select(.type=="Ready")|.status+" "+.reason'
auto='.status.conditions[]|select(.type=="Autonomous")|.status+" "+.reason+": "+.message'
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes

# events: REASON NODE of all that were told since the last time
events() {
	cat "$o"/events/* 2>/dev/null | jq -r '.reason + " " + .involvedObject.name' |
		sort | paste -sd,
	rm -f "$o"/events/*
}

# --- no durations ---

for node in empty ever minus plain; do
	node $node
done
change nodes empty '.metadata.annotations[$k] = ""' --arg k $N/max-autonomy
change nodes minus '.metadata.annotations[$k] = "-1h"' --arg k $N/max-autonomy
change nodes ever '.metadata.annotations[$k] = "0"' --arg k $N/max-autonomy
step 0 -M 1m
obey
is 'what is no duration is told' "$(events)" \
	'EdgeNodeBadMaxAutonomy empty,EdgeNodeBadMaxAutonomy minus'
for at in 10 20; do
	beat empty && beat ever && beat minus && beat plain
	step $at -M 1m
	obey event
done
change edgenodes plain '.spec.maxAutonomy = "two days"'
step 21 -M 1m
obey
step 40 -M 1m
obey
step 41 -M 1m
obey
has edgenodes empty "$ready" '"False CutOff"'
events >"$T/told"
ok "$(grep -q 'EdgeNodeBadMaxAutonomy plain' "$T/told"; echo $?)" 'that of an EdgeNode, too'
step 79 -M 1m
did 'the default counts' 'renew empty,renew ever,renew minus,renew plain'
obey
step 80 -M 1m
obey
for node in empty minus plain; do
	has edgenodes $node "$auto" '"False AutonomyExceeded: left to the master: cut off for more than 60s"'
	has edgenodes $node '.status|[.lastHeartbeatTime,.takenOverSince]' "[\"$(when 20)\",null]"
done
has edgenodes ever "$ready" '"False CutOff"'
step 4000 -M 1m
did 'but not for one that says 0' 'renew ever'
step 4001 -M 0
did 'which is for ever as an option, too' 'edgenode empty,edgenode minus,edgenode plain,event empty,event minus,event plain,renew empty,renew ever,renew minus,renew plain'
rm "$o"/*/* "$T/seen"

# --- Leases ---

at=0
for node in future none other n.1--x.y; do
	node $node
done
change leases future '.spec.renewTime = "2999-01-01T00:00:00.000000Z"'
change leases none 'del(.spec.renewTime)'
change leases other '.spec.holderIdentity = "b"'
step 0
obey
has edgenodes other "$ready" '"Unknown LeaseHeldByAnother"'
step 10
did 'nothing more is done' ''
step 20
did 'a Lease of the future, one without a time, an odd name' \
	'renew future,renew n.1--x.y,renew none'
obey
has leases none .spec.renewTime "\"$(when 20 | sed 's/Z/.000000Z/')\""
step 21
obey
has edgenodes n.1--x.y "$ready" '"False CutOff"'
step 36
obey
has leases future .spec.renewTime '"2999-01-01T00:00:00.000002Z"'
beat future
step 37
did 'a clock that was set right is a heartbeat' \
	'edgenode future,event future,release future,untaint future'
obey
change leases other '.spec.holderIdentity = "other"'
beat other
step 38
obey
has edgenodes other "$ready" '"True KubeletReady"'
rm "$o/leases/other"
step 39
obey
has edgenodes other "$ready" '"Unknown NoLease"'
change leases none '.spec.renewTime = "never"'
step 40
did 'a time that is none does no harm' 'edgenode none,event none,release none,untaint none'
obey

# --- order ---

rm "$o"/*/* "$T/seen"
at=50
node a
node b
step 50
obey
beat b
step 51
step 70
obey
step 71
did 'one is told of, another is late' 'edgenode a,event a,renew b,taint a'
is 'renewals stand before all else' "$(jq -r .node "$T/out" | uniq | paste -sd,)" b,a
rm "$o"/*/* "$T/seen"

# --- a dead kubelet is no cut link ---

at=100
node a
step 100
obey
events >/dev/null
report() {
	change edgenodes a '.status.report = {time: $t, version: "1"}' --arg t "$(when $(($1 + 500)))"
	step "$1"
}
report 101
beat a
report 110
report 125
did 'its hub reports, its kubelet does not' ''
step 130
did 'it may be the link of one: it is taken over' 'renew a'
obey
report 146
did 'reported twice since' 'edgenode a,event a'
obey
has edgenodes a .status.phase '"NotReady"'
has edgenodes a "$ready" '"False KubeletStopped"'
has edgenodes a "$auto" '"False KubeletStopped: left to the master: the hub reports, the kubelet does not"'
has edgenodes a '.status|[.lastHeartbeatTime,.takenOverSince,.report.version]' "[\"$(when 110)\",null,\"1\"]"
is 'told once' "$(events)" 'EdgeNodeLetGo a'
step 200
did 'and nothing more' ''
change nodes a '.status.conditions |= map(.status = "Unknown" | .reason = "NodeStatusUnknown")'
step 201
did 'also when the master has noticed' ''
done_testing
