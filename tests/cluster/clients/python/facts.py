"""What asks.py and follow.py share: a client from a kubeconfig, JSON lines."""
import json
import sys
import threading

import urllib3
from kubernetes import client, config

LOCK = threading.Lock()


def api(path):
    """An API client that asks once: a retry would hide a failure."""
    conf = client.Configuration()
    config.load_kube_config(path, client_configuration=conf)
    conf.retries = urllib3.Retry(0)
    return client.ApiClient(conf)


def tell(**fact):
    line = json.dumps(fact, sort_keys=True, default=str)
    with LOCK:
        sys.stdout.write(line + '\n')
        sys.stdout.flush()
