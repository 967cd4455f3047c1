"""What the org refuses, in the three shapes in which Salesforce says so.

* :class:`ApiError` ends a request: an HTTP status and ``[{"errorCode", "message", "fields"}]``.
* :class:`RowError` is the fate of one row: ``CODE:message:FIELD --`` in a result file, ``statusCode`` in a
collection.
* :class:`JobFailedError` ends a bulk job: ``ExceptionCode : text`` in its ``errorMessage``.

Source: REST API developer guide, "Status Codes and Error Responses"; Bulk API 2.0 guide, "Errors".
"""

from dataclasses import dataclass
from typing import Any


class ApiError(Exception):
    """A refused request."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    @property
    def body(self) -> list[dict[str, Any]]:
        """The JSON body of the answer."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return [entry]


def not_found() -> ApiError:
    """An address, record or job that the org doesn't have."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def session_invalid() -> ApiError:
    """No token, a made-up one, or one that has expired or was revoked."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def method_not_allowed(method: str, allowed: str) -> ApiError:
    """An address that exists, called with a method that it doesn't offer."""
    message = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
    return ApiError(405, "METHOD_NOT_ALLOWED", message)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was refused."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def bulk_text(self) -> str:
        """The content of ``sf__Error``."""
        return f"{self.code}:{self.message}:{','.join(self.fields)}{' --' if self.fields else '--'}"

    def as_api_error(self) -> ApiError:
        """The same refusal as the answer to a request for a single record."""
        return ApiError(400, self.code, self.message, self.fields)


class JobFailedError(Exception):
    """A bulk job can't go on: ``text`` becomes its ``errorMessage``."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
