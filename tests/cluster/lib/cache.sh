# shellcheck shell=sh
# cache.sh: what was built once, in directories named by what they are made of
#
# They are in a cache outside the checkout. A directory appears whole or not
# at all, and one that was not asked for in a week goes. Sourced by what
# builds; the caller has cd'ed to its own directory.

_cache=${XDG_CACHE_HOME:-$HOME/.cache}/ote-edge
mkdir -p "$_cache"

# cache_lock: one builder at a time
cache_lock() {
	exec 9>"$_cache/build.lock"
	flock 9
}

# key VERSION FILE...: a name for what a version of a tool makes of the files
key() {
	_version=$1
	shift
	{ echo "$_version"; cat "$@"; } | sha256sum | cut -c1-16
}

# once NAME FUNCTION: the directory of that name, made if it is not there.
once() {
	if [ ! -d "$_cache/$1" ]; then
		_tmp=$(mktemp -d "$_cache/tmp.XXXXXX")
		if ! "$2" "$_tmp" 9>&- >&2; then
			rm -rf "$_tmp"
			echo "${0##*/}: $1 failed" >&2
			exit 111
		fi
		chmod 755 "$_tmp"
		mv "$_tmp" "$_cache/$1"
	fi
	touch "$_cache/$1"
	printf '%s\n' "$_cache/$1"
}

cache_prune() {
	find "$_cache" -mindepth 1 -maxdepth 1 -type d -mtime +7 \
	    -exec rm -rf {} +
}
