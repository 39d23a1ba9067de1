#!/bin/sh
# edge-controller-two.t: controllers that select different nodes leave each
# other's alone
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/hub/ctl.sh
. "$(dirname "$0")/ctl.sh"
feed $shown /apis/ote.baidu.com/v1/namespaces/kube-system/edgenodes
mkdir "$T/seen-1" "$T/seen-2"

# one SECONDS; two SECONDS: a round of each
one() {
	cp "$T/seen-1/seen" "$T/seen" 2>/dev/null || rm -f "$T/seen"
	step "$1" -l site=one
	mv "$T/seen" "$T/seen-1/"
}
two() {
	cp "$T/seen-2/seen" "$T/seen" 2>/dev/null || rm -f "$T/seen"
	step "$1" -l site=two
	mv "$T/seen" "$T/seen-2/"
}

node a
node b
change nodes a '.metadata.labels = {site: "one"}'
change nodes b '.metadata.labels = {site: "two"}'
one 0
did 'the one has its nodes' 'edgenode a,edgenode a'
obey
two 0
did 'and the other its own' 'edgenode b,edgenode b'
obey
one 1
did 'it leaves the EdgeNode of the other' ''
two 1
did 'as that does' ''
is 'by their names' "$(jq -r .status.observedBy "$o"/edgenodes/* | sort -u | wc -l)" 2

one 20
obey
one 21
did 'it takes over' 'edgenode a,event a,taint a'
obey
two 21
did 'only what it selects' 'renew b'
beat b
two 22
did 'and leaves taint, Lease and EdgeNode of the other' ''
rm -r "$T/seen-2"
mkdir "$T/seen-2"
two 23
did 'when it begins anew, too' ''

change nodes a '.metadata.labels = {site: "two"}'
two 24
did 'a node that changes sides is renewed, its EdgeNode signed anew' 'edgenode a,renew a'
obey
is 'by the latter' "$(jq -r ".metadata.annotations[\"$N/renewed-by\"]" "$o/leases/a" |
	cut -d' ' -f1)" "$(jq -r .status.observedBy "$o/edgenodes/b")"
one 25
did 'and not undone by the former' ''
beat a
two 26
did 'and is back' 'edgenode a,event a,release a,untaint a'
obey
one 27
did 'its EdgeNode is of the latter' ''

change nodes a '.metadata.labels = {}'
one 28
did 'a node that nobody selects' ''
two 28
did 'loses its EdgeNode by who wrote it' 'edgenode a'
obey
ok "$([ ! -e "$o/edgenodes/a" ] && [ -e "$o/edgenodes/b" ]; echo $?)" 'it alone'
change nodes b '.metadata.labels = {}'
step 29 -l site=three -N "$(jq -r .status.observedBy "$o/edgenodes/b")"
did 'also where another selector goes on by the same name' 'edgenode b'
done_testing
