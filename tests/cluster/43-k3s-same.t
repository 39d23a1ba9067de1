#!/bin/sh
# 43-k3s-same.t: 08-same.t with a hub that stands in for a k3s server
cd "$(dirname "$0")" && K3S=1 exec ./08-same.t
