"""``python -m sandbox.salesforce``: one org in a process of its own."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sandbox.salesforce.org import Org, OrgOptions
from sandbox.salesforce.server import serve
from sandbox.serving import PortBusyError


def main(
    *,
    port: Annotated[int, typer.Option(help="Port for plain http; 0 takes a free one.")] = 0,
    tls_port: Annotated[int, typer.Option(help="Port for https; 0 takes a free one.")] = 0,
    folder: Annotated[
        Path | None, typer.Option(help="Folder for keys and job data; a temporary one by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Makes what is random repeatable.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="File that keeps the records; they are in memory by default.")
    ] = None,
    person_accounts: Annotated[
        bool, typer.Option("--person-accounts", help="An org in which person accounts are switched on.")
    ] = False,
    pubsub_port: Annotated[int, typer.Option(help="Port for the Pub/Sub API; 0 takes a free one.")] = 0,
    capture: Annotated[
        list[str] | None,
        typer.Option(help="Object for which Change Data Capture is switched on; may be repeated."),
    ] = None,
    validation_rules: Annotated[
        Path | None, typer.Option(help="TOML file of the validation rules that the org begins with.")
    ] = None,
    setup: Annotated[
        Path | None, typer.Option(help="TOML file of duplicate rules, flows, users and queues to begin with.")
    ] = None,
) -> None:
    """Runs a Salesforce org on 127.0.0.1 and prints one JSON line when it is ready."""
    sys.meta_path.insert(0, _WithoutPandas)
    with tempfile.TemporaryDirectory(prefix="salesforce-") as temporary:
        options = OrgOptions(
            folder=(folder or Path(temporary)).absolute(),
            seed=seed,
            data=data,
            person_accounts=person_accounts,
            validation_rules=validation_rules,
            setup=setup,
            captured=tuple(capture or ()),
        )
        org = Org(options)
        try:
            serve(org, port=port, tls_port=tls_port, pubsub_port=pubsub_port)
        except PortBusyError as error:
            typer.echo(f"sandbox.salesforce: {error}", err=True)
            raise typer.Exit(1) from None
        finally:
            org.close()


class _WithoutPandas:
    """Hides pandas, which PyArrow loads where it is installed, only to ask whether a list is a column of it.

    That would be half of what the start takes.
    """

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Refuses to find pandas; leaves other modules to others."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


if __name__ == "__main__":
    typer.run(main)
