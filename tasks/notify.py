"""The stage notify as a task."""

from prefect import get_run_logger

from connector.model.run import Run
from connector.model.summary import Summary
from connector.sync.notify import notify as verb
from connector.sync.report import keep
from tasks.connection import connection
from tasks.mail import mailer_of
from tasks.task import task


@task("notify", run_name="notify")
def notify(run: Run, summary: Summary) -> Summary:
    """Send the email and keep the summary; an undeliverable email never changes the outcome."""
    at = connection(run.instance)
    email = at.settings.email
    told = summary.told(
        email=verb(
            summary,
            at.instance.email.recipients,
            email.sender if email else "",
            mailer_of(at.settings),
        )
    )
    refused_by_name = told.email.startswith("sent, but")  # addresses are for the report alone
    get_run_logger().info("email %s", told.email.partition(":")[0] if refused_by_name else told.email)
    keep(told, at.report_folder(run))
    return told
