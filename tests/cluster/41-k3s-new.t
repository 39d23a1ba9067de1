#!/bin/sh
# 41-k3s-new.t: a new k3s agent behind the hub; its server goes away, the whole
# node starts anew, and the server comes back. See k3s/agent.sh
cd "$(dirname "$0")" && exec ./k3s/agent.sh
