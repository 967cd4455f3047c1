"""Before a round makes a record in Salesforce: what stands there already without an external id."""
