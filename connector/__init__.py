"""The product: makes a Gentrack billing system and a Salesforce org agree. Wholly free of Prefect."""
