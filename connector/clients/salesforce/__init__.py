"""A Salesforce org: our own sign-in and Bulk API 2.0 lifecycle, simple-salesforce for REST on one session."""
