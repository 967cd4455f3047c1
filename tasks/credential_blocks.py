"""The kinds of Prefect blocks that hold an instance's secrets, for a team that keeps them in Prefect.

`connector blocks register` makes them known to a server, so that they can be filled in its pages.
"""

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from connector.settings import GentrackSecrets, SalesforceSecrets


class SalesforceCredentials(Block):
    """How the connector signs in to Salesforce: a client secret, or a user and a private key (JWT bearer)."""

    _block_type_name = "Salesforce Credentials"
    _block_type_slug = "salesforce-credentials"
    _description = "How the Gentrack - Salesforce connector signs in to an org."

    client_id: str = Field(description="Consumer key of the External Client App.")
    client_secret: SecretStr | None = Field(
        default=None, description="Consumer secret, for client credentials."
    )
    username: str | None = Field(default=None, description="The integration user, for JWT bearer.")
    private_key: SecretStr | None = Field(default=None, description="Its private key in PEM, for JWT bearer.")

    def secrets(self) -> SalesforceSecrets:
        """The same as the settings have it. Raises pydantic's ValidationError."""
        return SalesforceSecrets(
            client_id=self.client_id,
            client_secret=self.client_secret,
            username=self.username,
            private_key=self.private_key,
        )


class GentrackCredentials(Block):
    """The app credentials of a Gentrack tenant."""

    _block_type_name = "Gentrack Credentials"
    _block_type_slug = "gentrack-credentials"
    _description = "The app by which the Gentrack - Salesforce connector calls a Gentrack tenant."

    app_id: str = Field(description="App id.")
    app_secret: SecretStr = Field(description="App secret.")

    def secrets(self) -> GentrackSecrets:
        """The same as the settings have it. Raises pydantic's ValidationError."""
        return GentrackSecrets(app_id=self.app_id, app_secret=self.app_secret)
