"""The smallest program that behaves as the Salesforce org does towards the process that starts it."""

import json
import signal
import sys

if "--fail" in sys.argv:
    sys.exit("the port is busy")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if "--silent" in sys.argv:
    sys.stderr.write("not ready yet\n")
    sys.stderr.flush()
else:
    announced = {
        name: name for name in ("url", "tls_url", "ca_file", "client_id", "client_secret", "username")
    }
    sys.stdout.write(json.dumps(announced | {"private_key_file": " ".join(sys.argv[1:])}) + "\n")
    sys.stdout.flush()
while True:
    signal.pause()
