"""What may be used in a day, and what has been. Counts are kept since the start.

Source: Salesforce Developer Limits and Allocations; REST API guide, "Limits".
"""

import threading
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.storage.columns import quoted
from sandbox.salesforce.storage.database import Database

RECORD_KILOBYTES = 2
"""Data storage is counted at 2 KB for nearly every record, whatever it holds."""

MAXIMA = {
    "DailyApiRequests": 100_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyAsyncApexExecutions": 250_000,
    "DailyStreamingApiEvents": 1_000_000,
    "HourlyPublishedPlatformEvents": 250_000,
    "DailyDeliveredPlatformEvents": 25_000,
    "MonthlyPlatformEventsUsageEntitlement": 0,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
    "SingleEmail": 5_000,
    "MassEmail": 5_000,
}


class Limits:
    """Counts uses and refuses what goes beyond."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.maxima = dict(MAXIMA)
        self._used = dict.fromkeys(MAXIMA, 0)

    def use(self, name: str, amount: int = 1) -> None:
        """Counts a use."""
        with self._lock:
            self._used[name] += amount

    def left(self, name: str) -> int:
        """How much is left; never below zero."""
        with self._lock:
            return max(self.maxima[name] - self._used[name], 0)

    def take_request(self) -> None:
        """Counts one API request.

        Raises:
            ApiError: 403 ``REQUEST_LIMIT_EXCEEDED`` once the day's requests are used up.
        """
        if self.left("DailyApiRequests") == 0:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.use("DailyApiRequests")

    def header(self) -> str:
        """The content of ``Sforce-Limit-Info``."""
        with self._lock:
            return f"api-usage={self._used['DailyApiRequests']}/{self.maxima['DailyApiRequests']}"

    def overview(self) -> dict[str, Any]:
        """The body of ``GET /limits``."""
        remaining = {name: self.left(name) for name in self.maxima}
        remaining["DataStorageMB"] = max(self.maxima["DataStorageMB"] - self._storage_megabytes(), 0)
        return {
            name: {"Max": self.maxima[name], "Remaining": remaining[name]} for name in sorted(self.maxima)
        }

    def _storage_megabytes(self) -> int:
        counted = [
            each for each in self._database.schema if each.layoutable and not each.name.startswith("Content")
        ]
        counts = " + ".join(f"(SELECT count(*) FROM {quoted(each.name)})" for each in counted)
        ((records,),) = self._database.rows(f"SELECT {counts}")
        return int(records) * RECORD_KILOBYTES // 1024
