"""``python -m sandbox``: a Salesforce org, a Gentrack tenant and a mail server in one command.

Prints one line of JSON with every address and credential when all are ready, and ends by SIGTERM or SIGINT.
"""

import argparse
import asyncio
import shlex
import sys
import tempfile
from pathlib import Path

from sandbox.gentrack.webhooks import Subscription
from sandbox.landscape import Landscape, Ports
from sandbox.org_process import ORG_COMMAND, OrgStartError
from sandbox.overlap.loading import OverlapError
from sandbox.seed import Dataset
from sandbox.serving import PortBusyError


def main() -> int:
    """Run until told to end; 1 if it could not start."""
    arguments = _parser().parse_args()
    ports = Ports(
        salesforce=arguments.salesforce_port,
        salesforce_tls=arguments.salesforce_tls_port,
        salesforce_pubsub=arguments.salesforce_pubsub_port,
        gentrack=arguments.gentrack_port,
        mail=arguments.mail_port,
        control=arguments.control_port,
    )
    try:
        subscription = _subscription(arguments)
    except ValueError as error:
        sys.stderr.write(f"sandbox: --webhook-url: {error}\n")
        return 1
    command = shlex.split(arguments.salesforce_command) if arguments.salesforce_command else ORG_COMMAND
    dataset = Dataset(arguments.customers, arguments.seed)
    with tempfile.TemporaryDirectory(prefix="sandbox-") as passing:
        folder: Path = arguments.folder or Path(passing)
        (folder / "salesforce").mkdir(parents=True, exist_ok=True)
        try:
            landscape = Landscape(
                dataset,
                folder.absolute(),
                ports,
                command,
                subscription=subscription,
                captured=arguments.capture,
                overlap=arguments.overlap,
            )
            asyncio.run(landscape.run())
        except (PortBusyError, OrgStartError, OverlapError) as error:
            sys.stderr.write(f"sandbox: {error}\n")
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", formatter_class=argparse.ArgumentDefaultsHelpFormatter, description=__doc__
    )
    parser.add_argument("--customers", type=_positive, default=20_000, help="customers of the tenant")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal data")
    parser.add_argument(
        "--overlap",
        type=int,
        default=0,
        help="customers that stand in Salesforce already, without External ID; others come with them",
    )
    parser.add_argument(
        "--folder", type=Path, help="for mail, keys and certificates; a passing one by default"
    )
    for part in ("salesforce", "salesforce-tls", "salesforce-pubsub", "gentrack", "mail", "control"):
        parser.add_argument(f"--{part}-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument(
        "--capture",
        action="append",
        default=[],
        metavar="OBJECT",
        help="an object of the org for which Change Data Capture is switched on; may be repeated",
    )
    parser.add_argument("--salesforce-command", help="what to start as the Salesforce org instead of our own")
    parser.add_argument("--webhook-url", help="where Gentrack sends its events; nowhere by default")
    parser.add_argument(
        "--webhook-event",
        action="append",
        default=[],
        help="a type of event that is sent; may be repeated; all by default",
    )
    parser.add_argument(
        "--webhook-email",
        action="append",
        default=[],
        help="who is told when events don't arrive; may be repeated",
    )
    return parser


def _subscription(arguments: argparse.Namespace) -> Subscription | None:
    if arguments.webhook_url is None:
        return None
    given = {
        "url": arguments.webhook_url,
        "events": arguments.webhook_event,
        "emails": arguments.webhook_email,
    }
    return Subscription.from_json(given)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
