"""The erasure of one person from all that the connector keeps: staging, reports, the files in Salesforce."""
