"""Who PostgreSQL runs as. It refuses to be root, and a clone may lie below a folder that only root may enter.

As a normal user: as that user. As root: as `nobody`, by setpriv, and only where a folder on the way is
closed to it with the capability CAP_DAC_READ_SEARCH (pass closed folders, read closed files; write nothing).
So nothing of the machine is changed: no user is made, no mode loosened
(docs/decisions/0010-embedded-postgres.md).
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deployments.errors import StackFailed

USER = "nobody"
# access(2), by which PostgreSQL looks at its own files, minds a capability only without setuid fix-ups.
PASS_CLOSED_FOLDERS = (
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--securebits=+no_setuid_fixup",
)


@dataclass(frozen=True)
class ServerUser:
    """`prefix` stands before a command so that it runs as the user, who is this one if it is empty."""

    uid: int
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Give the user a file or folder of ours."""
        if self.prefix:
            os.chown(path, self.uid, -1)


def server_user(binary: Path, data: Path) -> ServerUser:
    """The user for a server of this binary and data folder; the owner of the data, if there is any yet.

    Raises StackFailed, naming the closed folder, where root can't lend that user a way through.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid())
    if shutil.which("setpriv") is None:
        raise StackFailed(
            "PostgreSQL does not run as root, and setpriv, to start it as another user, is not installed.",
            todo="Run as a normal user, or install util-linux.",
        )
    user = pwd.getpwuid(data.stat().st_uid) if _has_normal_owner(data) else pwd.getpwnam(USER)
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    closed = closed_folder(binary) or closed_folder(data)
    if closed is not None:
        prefix += PASS_CLOSED_FOLDERS
        trial = subprocess.run(
            [*prefix, "test", "-r", str(binary)], cwd="/", capture_output=True, text=True, check=False
        )
        if trial.returncode != 0:
            raise StackFailed(
                "PostgreSQL does not run as root, and the user that it would run as,"
                f" {user.pw_name}, may not enter {closed}. {trial.stderr.strip()}",
                todo="Move the project out of that folder, or run as the user that owns it.",
            )
    return ServerUser(user.pw_uid, tuple(prefix))


def closed_folder(path: Path) -> Path | None:
    """The first folder above `path` that others may not enter; None where the way is open."""
    for folder in reversed(path.resolve().parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def _has_normal_owner(data: Path) -> bool:
    return data.exists() and data.stat().st_uid != 0
