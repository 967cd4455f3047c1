"""A key that tokens are signed by, as it is kept."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class SigningKey:
    """`private` and `public` are PEM; the private one is encrypted where the settings have a secret."""

    id: str
    private: str = field(repr=False)
    public: str
    created_at: datetime
