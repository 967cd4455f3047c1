"""An instance whose systems are not there: for commands that ask nothing of them, or say so."""

from pathlib import Path

from deployments.ports import LOOPBACK, choose_port

ID = "61668309"
_INSTANCE = """
id = "{id}"
name = "Nowhere"
[salesforce]
url = "https://{loopback}:{port}"
[gentrack]
url = "http://{loopback}:{port}"
[load]
give_up_after = 1
"""


def put_instance(home: Path) -> None:
    """Make `home` a folder to work in, with that instance."""
    (home / "instances").mkdir()
    port = choose_port(0, what="nobody")
    text = _INSTANCE.format(id=ID, loopback=LOOPBACK, port=port)
    (home / "instances" / f"{ID}.toml").write_text(text, "utf-8")
