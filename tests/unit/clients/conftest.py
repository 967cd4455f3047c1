"""A scripted org over TLS, a scripted tenant, and clients signed in to them on a clock that never sleeps."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from connector.clients.gentrack.api import GentrackApi, connect_gentrack
from connector.clients.salesforce.org import Org, connect_salesforce
from connector.instance import Instance
from connector.settings import GentrackSecrets, SalesforceSecrets
from tests.unit.clients.scripted_server import Answer, ScriptedServer

GIVE_UP_AFTER = 60


@dataclass
class FakeClock:
    """Time passes when someone sleeps."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server context for 127.0.0.1, and the file of its CA."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return tls, ca_file


def sign_in_answer(url: str, token: str) -> Answer:
    return Answer(200, {"access_token": token, "instance_url": url, "token_type": "Bearer"})


@pytest.fixture
def salesforce(certificates: tuple[ssl.SSLContext, Path]) -> Iterator[ScriptedServer]:
    """An org that signs in with the tokens t1, t2, t2, ..."""
    with ScriptedServer(certificates[0]).running() as server:
        tokens = [sign_in_answer(server.url, token) for token in ("t1", "t2")]
        server.answers("POST", "/services/oauth2/token", *tokens)
        yield server


@pytest.fixture
def gentrack() -> Iterator[ScriptedServer]:
    """A tenant that signs in with the tokens t1, t2, t2, ..."""
    with ScriptedServer().running() as server:
        server.answers("POST", "/v1/token", *(Answer(200, {"accessToken": token}) for token in ("t1", "t2")))
        yield server


@pytest.fixture
def instance_at(certificates: tuple[ssl.SSLContext, Path]) -> Callable[..., Instance]:
    """An instance of these two addresses."""

    def instance(
        salesforce_url: str = "https://127.0.0.1:1", gentrack_url: str = "http://127.0.0.1:1"
    ) -> Instance:
        return Instance.model_validate(
            {
                "id": "61668309",
                "name": "Test",
                "salesforce": {"url": salesforce_url, "ca_file": certificates[1]},
                "gentrack": {"url": gentrack_url, "page_size": 2},
                "load": {"give_up_after": GIVE_UP_AFTER},
            }
        )

    return instance


@pytest.fixture
def org(salesforce: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock) -> Org:
    """The client of the scripted org."""
    secrets = SalesforceSecrets(client_id="client", client_secret=SecretStr("hush-hush"))
    return connect_salesforce(instance_at(salesforce_url=salesforce.url), secrets, clock)


@pytest.fixture
def api(gentrack: ScriptedServer, instance_at: Callable[..., Instance], clock: FakeClock) -> GentrackApi:
    """The client of the scripted tenant."""
    secrets = GentrackSecrets(app_id="app", app_secret=SecretStr("hush-hush"))
    return connect_gentrack(instance_at(gentrack_url=gentrack.url), secrets, clock)
