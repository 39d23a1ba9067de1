#!/bin/sh
# 40-k3s.t: an old k3s agent behind the hub; its server goes away, the whole
# node starts anew, and the server comes back. See k3s/agent.sh
cd "$(dirname "$0")" && K3S_OLD=1 exec ./k3s/agent.sh
