#!/bin/sh
# unit.t: the systemd unit is one, and gives the hub no more than it needs
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
command -v systemd-analyze >/dev/null || {
	[ "${CI-}" != true ] || {
		echo 'Bail out! install systemd'
		exit 1
	}
	echo '1..0 # SKIP needs systemd-analyze'
	exit 0
}

mkdir -p bin units
printf '#!/bin/sh\n' >bin/ote_edgehub
chmod +x bin/ote_edgehub
unit=$T/units/ote-edgehub.service
sed "s,@PREFIX@,$T,g" "$top/etc/systemd/ote-edgehub.service" >"$unit"

systemd-analyze verify --man=no --recursive-errors=no "$unit" >out 2>&1
is 'it verifies' "$? $(grep -c 'ote-edgehub' out)" '0 0' || sed 's/^/# /' out
# in tenths of what systemd calls exposure
systemd-analyze security --offline=yes --threshold=20 --no-pager "$unit" \
	>out 2>&1
ok $? 'its exposure is at most 2.0' || tail -n 1 out | sed 's/^/# /'
echo "# $(tail -n 1 out)"
for line in User=ote-edge NoNewPrivileges=yes ProtectSystem=strict \
	CapabilityBoundingSet= LimitCORE=0 UMask=0077 StateDirectoryMode=0700; do
	grep -qxF "$line" "$unit"
	ok $? "$line"
done
if command -v systemd-sysusers >/dev/null; then
	mkdir -p root/etc
	systemd-sysusers --root="$T/root" - <"$top/etc/ote-edge.sysusers" >out 2>&1
	is 'its user is made' "$(cut -d: -f1 root/etc/passwd)" ote-edge ||
		sed 's/^/# /' out
else
	skip 'needs systemd-sysusers'
fi
done_testing
