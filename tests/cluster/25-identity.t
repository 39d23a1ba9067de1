#!/bin/sh
# 25-identity.t: whoever asks what, through the hub he gets what the master
# gives him: online, cut off, and after a restart while cut off
set -eu

cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
cluster_enter 3000 ./25-identity.t
# a cluster of its own, without a kubelet: nothing may change by itself
cluster_up 1
callers_make
port=6443
team=/api/v1/namespaces/team
shared=$team/configmaps/shared

# ask PROGRAM WORD...: its first line is told, the others where it fails
ask() {
	_program=$1
	shift
	_out=$CLUSTER/$_program.$(echo "$*" | tr ' ' .)
	_rc=0
	python3 -B "identity/$_program.py" "$@" "$CLUSTER" "$port" \
	    >"$_out" 2>&1 || _rc=$?
	diag "$*: $(head -n 1 "$_out")"
	[ "$_rc" -eq 0 ] || sed -n 2,200p "$_out" | diags
	return "$_rc"
}

# upstream TRY: what the master was asked since the mark: who somebody is, what
# he may, what he asked for; but for those who would act as others
upstream() {
	tail -c +"$(($(cat "$CLUSTER/run/mark-covered-1") + 1))" \
	    "$CLUSTER/audit-1.log" | jq -cR 'fromjson? |
	    select(.stage == "RequestReceived") |
	    select((.userAgent // "" | test("-as-") | not)) |
	    select((.userAgent // "" | startswith("matrix/")) or
	    (.objectRef.resource // "" |
	    IN("tokenreviews", "subjectaccessreviews",
	    "selfsubjectaccessreviews"))) |
	    [.userAgent, .verb, .requestURI[:120]]' >"$CLUSTER/upstream"
	diag "$1: $(wc -l <"$CLUSTER/upstream") upstream requests"
	head -n 12 "$CLUSTER/upstream" | diags
	[ ! -s "$CLUSTER/upstream" ]
}

# covered_again: a token has to be looked at again after two minutes, a decision
# after five. A try lasts some ten seconds, so that of some one after the other
# most have no such moment in them, whenever each of them was looked at.
covered_again() {
	for _try in first second third fourth fifth sixth; do
		audit_mark covered
		ask matrix covered || return 1
		upstream "$_try" && return
	done
	return 1
}

# follows: whether all that was asked for became feeds, which are synced
follows() {
	[ -z "$(find "$CLUSTER/hub/data/wishes" -name '*.json')" ] &&
	    [ "$("$CLUSTER/hub/bin/ote-status" -j -d "$CLUSTER/hub/data" |
	    jq -r '.feeds[].state' | sort -u)" = synced ]
}

# refusals_over: and the hub is online, which a slow machine may hide from it
refusals_over() {
	[ "$(now_ms)" -ge $((_asked + 31000)) ] && hub_online
}

check "the master is asked everything by everybody" ask matrix master
if [ -n "${OTE_STRAIGHT:-}" ]; then
	check "it says the same again" ask matrix again
	check "what may be seen is" ask leak warm master
	check "what may not is not" ask leak try master
	tap_end
	exit
fi

# --- online ---

hub_up
wait_for 60 "the hub to see its master" hub_online
port=8778
check "the hub says the same" ask matrix online
check "and follows what was asked for" wait_for 180 "feeds" follows
check "and again, of its own" ask matrix again
# refusals stand for half a minute: from here on all of them do
_asked=$(now_ms)
wait_for 90 "the end of refusals" refusals_over
check "what it has is asked for" ask matrix covered
check "and again: the master is asked nothing" covered_again
check "Secrets are read by those who may" ask leak warm online
check "nobody else sees them" ask leak try online

check "a pod's token is good" answers 200 code_token \
    "$shared?resourceVersion=0" made-brief
check "so is one of an account that may" answers 200 code_token \
    "$shared?resourceVersion=0" soon
kc delete pod made-brief -n team --force --grace-period=0 >/dev/null 2>&1
kc delete rolebinding soon -n team >/dev/null
check "the pod is gone: so is its token" wait_for 90 "a 401" \
    answers 401 code_token "$shared?resourceVersion=0" made-brief
check "the right is gone, says the master" wait_for 60 "a 403" \
    answers 403 code_token "$shared" soon
check "and then the hub" answers 403 code_token \
    "$shared?resourceVersion=0" soon

# --- cut off ---

# revoked: what was revoked while the master was there
revoked() {
	is "$(code_token "$shared?resourceVersion=0" made-brief)" 401 &&
	is "$(code_token "$shared?resourceVersion=0" soon)" 403
}

cut 503
check "the master is gone" wait_for 60 "the hub to notice" hub_offline
check "cut off: no answer is wider" ask matrix cut
check "nobody else sees the Secrets" ask leak try cut
check "what was revoked still is" revoked
hub_restart
check "after a restart: no answer is wider" ask matrix restart
check "nobody else sees the Secrets" ask leak try restart
check "what was revoked still is" revoked
heal
check "and back" wait_for 60 "the hub to notice" hub_online
check "the hub says what the master says" ask matrix after
tap_end
