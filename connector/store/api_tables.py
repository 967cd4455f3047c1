"""The ledger's tables of the API: who may call, and by which keys tokens are signed."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from connector.store.columns import moment


class ApiAppRow(SQLModel, table=True):
    """An app that may call the API. Of its secrets only hashes are kept."""

    __tablename__ = "api_app"

    id: str = Field(primary_key=True)
    name: str
    instance: str = Field(index=True)
    role: str
    scopes: str = Field(description="Separated by spaces.")
    version: int = 1
    secret_hash: str = Field(sa_type=Text)
    earlier_hash: str | None = Field(default=None, sa_type=Text, description="Of the secret before.")
    earlier_until: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime = Field(sa_column=moment(nullable=False))
    created_by: str
    rotated_at: datetime | None = Field(default=None, sa_column=moment())
    revoked_at: datetime | None = Field(default=None, sa_column=moment())
    used_at: datetime | None = Field(default=None, sa_column=moment())


class SigningKeyRow(SQLModel, table=True):
    """A key that tokens are signed by; encrypted where the settings have a secret for it."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True)
    private_key: str = Field(sa_type=Text, description="PKCS #8 in PEM.")
    public_key: str = Field(sa_type=Text, description="PEM.")
    created_at: datetime = Field(sa_column=moment(nullable=False))
