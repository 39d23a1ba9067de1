# shellcheck shell=sh
# bytes.sh: what events cost the disk, and a reconnect the line; sourced
# by real.sh

: "${MANY:=10000}"

hub_pids() {
	tree "$(proc_pid hub)"
}

sync_pid() {
	for _pid in $(hub_pids); do
		[ "$(cat "/proc/$_pid/comm")" != ote-watch-sync ] || echo "$_pid"
	done
}

# written: bytes that the hub's processes caused to be written to the disk
written() {
	for _pid in $(hub_pids); do
		cat "/proc/$_pid/io"
	done | awk '
	$1 == "write_bytes:" { n += $2 }
	$1 == "cancelled_write_bytes:" { n -= $2 }
	END { print n + 0 }'
}

# events RATE SECONDS: changes ConfigMaps of the namespace disk; how many
events() {
	timeout $(($2 + 20)) "$OWN/writer" -n disk -count 100 -rate "$1" \
		-seconds "$2" -kubeconfig "$CLUSTER/admin.kubeconfig" |
		jq .writes
}

# quiet: when the hub has written nothing for a second
quiet() {
	_last=$(written)
	sleep 1
	[ "$(written)" = "$_last" ]
}

disk() {
	cover disk
	events 100 2 >/dev/null
	until_true 20 quiet || :
	_before=$(written)
	sleep 20
	row "disk, without events, in 20 s" "$(($(written) - _before)) B" \
		"" "" ""
	for _rate in 1 50; do
		disk_at "$_rate" 20
	done
}

journal_size() {
	wc -c <"$(feed_of disk)/journal"
}

# disk_at RATE SECONDS: once for the bytes, once more under strace
disk_at() {
	until_true 20 quiet || :
	_journal=$(journal_size)
	_before=$(written)
	_n=$(events "$1" "$2")
	until_true 20 quiet || :
	_journal=$(($(journal_size) - _journal))
	row "disk, bytes an event, $1 events/s" \
		"$((($(written) - _before) / _n)) B" \
		"growth of the journal $((_journal / _n)) B" "" ""
	need strace || return 0
	timeout -s INT $(($2 + 8)) strace -f -qq -o "$BENCH/strace" \
		-e trace=fsync,fdatasync,syncfs,sync_file_range,sync \
		-p "$(sync_pid)" &
	sleep 2
	_n=$(events "$1" "$2")
	wait $! || :
	row "disk, flushes an event, $1 events/s" \
		"$(calc "$(flushes | awk '{ n += $2 } END { print n + 0 }') / $_n" \
			'%.2f')" "$(flushes | paste -sd, -)" "" ""
}

# flushes: "call count" as strace saw them succeed
flushes() {
	awk '/ = 0$/ { sub(/\(.*/, "", $2); n[$2]++ }
		END { for (s in n) print s, n[s] }' "$BENCH/strace"
}

# from_master: bytes that came over the line since counting began
from_master() {
	iptables -t raw -nvxL PREROUTING |
		awk '/spt:7443/ { n += $2 } END { print n + 0 }'
}

many_are() {
	[ "$(hub_fetch "$_many?resourceVersion=0" | jq '.items | length')" \
		-ge "$MANY" ]
}

word_is() {
	[ "$(hub_fetch "$_many/c00999?resourceVersion=0" | jq -r .data.word)" \
		= "$1" ]
}

# resume: 1000 of MANY objects change behind a black hole
resume() {
	_many=/api/v1/namespaces/many/configmaps
	cover many
	configmaps many "$MANY" 200 >"$BENCH/many"
	send POST https://127.0.0.1:6443 "$BENCH/many"
	until_true 60 many_are || die "not all of $MANY objects came"
	memory_row "node, $PODS pods and a feed of $MANY" "$(proc_pid hub)" ""
	cut blackhole
	until_true 60 down_is || say "bench: the master is not told down"
	changes many 1000 changed >"$BENCH/changes"
	send PATCH https://127.0.0.1:6443 "$BENCH/changes"
	audit_mark resume
	iptables -t raw -A PREROUTING -i lo -p tcp --sport 7443
	_begin=$(now_ms)
	heal_one 1
	until_true 60 word_is changed || die "the changes did not come"
	_took=$(($(now_ms) - _begin))
	_bytes=$(from_master)
	iptables -t raw -D PREROUTING -i lo -p tcp --sport 7443
	_list=$(master_fetch "$_many" | wc -c)
	_gzip=$(master_fetch "$_many" -H 'Accept-Encoding: gzip' | wc -c)
	row "reconnect, 1000 of $MANY changed, from master" \
		"$(calc "$_bytes / 1024" '%.0f KB')" \
		"a LIST $(calc "$_list / 1024" '%.0f KB'), gzip $(calc \
			"$_gzip / 1024" '%.0f KB')" \
		"$(calc "$_bytes / $_list" '%.2f')" ""
	row "reconnect, until the last change is served" "$_took ms" \
		"$(audit_lists resume | wc -l) LISTs" "" "0 LISTs"
}

down_is() {
	grep -q ' down ' "$CLUSTER/hub/data/run/masters"
}
