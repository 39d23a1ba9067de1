#!/bin/sh
# image.t: make-image's image is small, the same twice, and runs
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
make=$top/sh/make-image
case $bin in
*/san/*)
	echo '1..0 # SKIP nobody runs the sanitizers in a pod'
	exit 0 ;;
esac
if ! command -v busybox >/dev/null || ldd "$(command -v busybox)" >/dev/null 2>&1
then
	[ "${CI-}" != true ] || {
		echo 'Bail out! install busybox-static'
		exit 1
	}
	echo '1..0 # SKIP needs busybox-static'
	exit 0
fi

"$make" -h >out 2>&1 && grep -q '^usage: make-image' out
ok $? '-h'
"$make" -t 'no tag' >out 2>&1
is 'no name:tag' "$? $(wc -l <out)" '100 1'
"$make" -o one.tar >out 2>&1
ok $? 'an image is made' || sed 's/^/# /' out
echo "# $(cat out)"
sleep 1.1
(umask 077 && cd / && TZ=Asia/Tokyo "$make" -o "$T/two.tar") >out 2>&1
cmp one.tar two.tar
ok $? 'a second time of the same bytes'
size=$(wc -c <one.tar)
[ "$size" -lt 12000000 ]
ok $? 'it is small' || echo "# $size bytes"

mkdir image root
tar -xf one.tar -C image
blob() {
	echo "image/blobs/sha256/${1#sha256:}"
}
for file in image/blobs/sha256/*; do
	sum=$(sha256sum <"$file")
	[ "${sum%% *}" = "${file##*/}" ] || echo "$file"
done >out
is 'every blob is called by its digest' "$(cat out)" ''
manifest=$(blob "$(jq -r '.manifests[0].digest' image/index.json)")
config=$(blob "$(jq -r .config.digest "$manifest")")
layer=$(blob "$(jq -r '.layers[0].digest' "$manifest")")
is 'sizes are right' "$(jq '.config.size, .layers[0].size' "$manifest" | xargs)" \
	"$(wc -c <"$config") $(wc -c <"$layer")"
is 'the layer is that of the configuration' \
	"$(jq -r '.rootfs.diff_ids[0]' "$config")" \
	"sha256:$(gzip -dc "$layer" | sha256sum | cut -d' ' -f1)"
is 'nobody is root in it' "$(jq -r .config.User "$config")" 65532:65532
version=$(sed -n 's/^VERSION = //p' "$top/Makefile")
is 'its name is that of the Deployment' \
	"$(jq -r '.manifests[0].annotations["io.containerd.image.name"]' \
		image/index.json)" \
	"$(sed -n 's/^ *image: //p' "$top/etc/deploy/controller/deployment.yml")"
case $(jq -r '.manifests[0].annotations["io.containerd.image.name"]' \
	image/index.json) in *":$version") true ;; *) false ;; esac
ok $? 'with the version'

gzip -dc "$layer" | tar -tv >files
is 'all is owned by root' "$(awk '$2 != "0/0"' files)" ''
is 'nothing is set-user-id or writable by all' "$(awk '$1 !~ /^l/ &&
	$1 !~ /^drwxrwxrwt/ && ($1 ~ /[sS]/ || substr($1, 9, 1) == "w")' files)" ''
is 'no times' "$(awk '{ print $4 }' files | sort -u)" 1970-01-01
! gzip -dc "$layer" | grep -aqF "$top/"
ok $? 'no path of where it was made'

# inside COMMAND...: as the image's user, where there is a kernel for that
inside() {
	unshare -r -m sh -c 'mount --rbind /dev root/dev && exec chroot root \
		env -i PATH=/usr/bin:/bin:/usr/sbin TMPDIR=/run/ote-edge "$@"' \
		- "$@"
}
gzip -dc "$layer" | tar -x --no-same-owner -C root
if unshare -r -m true 2>/dev/null; then
	mkdir root/dev
	"$top/sh/ote_edgecontroller" -h >here
	inside /usr/bin/ote_edgecontroller -h >there 2>&1
	cmp here there
	ok $? 'ote_edgecontroller -h' || sed 's/^/# /' there
	for tool in root/usr/bin/ote-*; do
		inside "/${tool#root/}" -h 2>&1 | grep -q "^usage: ${tool##*/}"
		ok $? "${tool##*/} has its libraries"
	done
	inside lighttpd -v | grep -q '^lighttpd/'
	ok $? 'so has lighttpd'
	mkdir -p root/account
	certs tls
	cp tls/ca.pem root/account/ca.crt
	echo token >root/account/token
	inside env OTE_ACCOUNT=/account KUBERNETES_SERVICE_HOST=10.96.0.1 \
		/usr/bin/ote_edgecontroller -t --data-path /run/ote-edge \
		--metrics-address "127.0.0.1:$(ports 1)" >out 2>&1
	is 'all is good for a pod' "$? $(cat out)" '0 '
else
	skip 'needs user namespaces'
fi
done_testing
