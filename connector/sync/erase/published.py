"""Erasure in the reports that Salesforce has: a file that tells of the person is deleted with its versions.

A deleted file lies in the recycle bin of whoever deleted it until it is emptied (Salesforce Help, "Recycle
Bin"); the redacted one is attached anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connector.model.soql import soql_text
from connector.sync.erase.person import Erased, Person
from connector.sync.erase.reports import ROW_FILES, without
from connector.sync.ports import SalesforceOrg
from connector.sync.run_record import RUN_KEY, RUN_OBJECT


@dataclass(frozen=True)
class PublishedFiles:
    """The files of every run of an org; `work` is a folder for the time being."""

    org: SalesforceOrg
    work: Path

    def erase(self, person: Person, instance: str) -> Iterator[Erased]:
        """Replace the files of an instance's runs that tell of the person; tells which."""
        runs = self.org.query(
            f"SELECT Id, {RUN_KEY} FROM {RUN_OBJECT} WHERE Instance__c = {soql_text(instance)}"
        )
        for run in runs:
            attached = self.org.query(
                "SELECT ContentDocumentId, ContentDocument.Title FROM ContentDocumentLink"
                f" WHERE LinkedEntityId = {soql_text(run['Id'])}"
            )
            for link in attached:
                title = link["ContentDocument"]["Title"]
                rows = self._rewritten(person, link["ContentDocumentId"], title) if title in ROW_FILES else 0
                if rows:
                    self.org.delete_record("ContentDocument", link["ContentDocumentId"])
                    self.org.attach_file(run["Id"], title, self.work / title)
                    where = f"{title} of run {run[RUN_KEY]} in Salesforce"
                    yield Erased(where, "rows removed or emptied", rows)

    def _rewritten(self, person: Person, document: str, title: str) -> int:
        """Write the newest version without the person; returns of how many rows, in whichever version."""
        versions = self.org.query(
            "SELECT Id, IsLatest FROM ContentVersion"
            f" WHERE ContentDocumentId = {soql_text(document)} ORDER BY IsLatest"
        )
        source, rows = self.work / "as-it-was.csv", 0
        for version in versions:
            self.org.download_file(version["Id"], source)
            rows = max(rows, without(person, source, self.work / title))
        return rows
