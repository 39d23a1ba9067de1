# shellcheck shell=sh
# image.sh: container images without a registry
#
# A docker-archive is a tar of a layer (a tar), a configuration that names
# the layer's digest, and a manifest that names both.

# image_pack NAME DIRECTORY: $CLUSTER/image/NAME.tar of ote.test/NAME:1
image_pack() {
	_dir=$CLUSTER/image/$1.d
	mkdir -p "$_dir"
	tar -C "$2" --owner=0 --group=0 --numeric-owner \
	    -cf "$_dir/layer.tar" .
	_digest=$(sha256sum <"$_dir/layer.tar")
	jq -n --arg digest "sha256:${_digest%% *}" --arg arch "$(image_arch)" '{
		architecture: $arch, os: "linux",
		config: {Env: ["PATH=/bin"], Cmd: ["/pause"]},
		rootfs: {type: "layers", diff_ids: [$digest]},
		history: [{created_by: "image.sh"}]}' >"$_dir/config.json"
	jq -n --arg tag "ote.test/$1:1" '[{Config: "config.json",
		RepoTags: [$tag], Layers: ["layer.tar"]}]' \
	    >"$_dir/manifest.json"
	tar -C "$_dir" -cf "$CLUSTER/image/$1.tar" \
	    manifest.json config.json layer.tar
}

image_arch() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

images_make() {
	_root=$CLUSTER/image/root
	mkdir -p "$_root/pause" "$_root/busybox/bin" "$_root/busybox/www" \
	    "$_root/busybox/tmp" "$_root/busybox/etc"
	cc -O2 -static -s -o "$_root/pause/pause" pause.c
	cp "$(command -v busybox)" "$_root/busybox/bin/busybox"
	for _tool in sh cat echo httpd ln ls mkdir sleep tar wget; do
		ln -sf busybox "$_root/busybox/bin/$_tool"
	done
	echo root:x:0:0::/:/bin/sh >"$_root/busybox/etc/passwd"
	image_pack pause "$_root/pause"
	image_pack busybox "$_root/busybox"
}

images_load() {
	for _image in pause busybox; do
		ctr -n k8s.io image import "$CLUSTER/image/$_image.tar"
	done >>"$CLUSTER/log/ctr.log" 2>&1
}
