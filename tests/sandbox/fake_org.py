"""The smallest program that behaves as the Salesforce org does towards the process that starts it."""

import json
import signal
import sys


def main() -> None:
    """Announce and wait; ``--fail`` ends at once, ``--silent`` never becomes ready."""
    if "--fail" in sys.argv:
        sys.exit("the port is busy")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if "--silent" in sys.argv:
        sys.stderr.write("not ready yet\n")
        sys.stderr.flush()
    else:
        names = ("url", "tls_url", "pubsub_endpoint", "ca_file", "client_id", "client_secret")
        announced = (
            {name: name for name in (*names, "username", "administrator")}
            | {"url": "http://127.0.0.1:1"}
            | {"private_key_file": " ".join(sys.argv[1:])}
        )
        sys.stdout.write(json.dumps(announced) + "\n")
        sys.stdout.flush()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
