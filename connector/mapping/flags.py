"""The flag of a record in Salesforce that Gentrack has no more: a checkbox and the day it was set."""

GONE = "Gentrack_Deleted__c"
"""Checkbox."""
GONE_ON = "Gentrack_Deleted_On__c"
"""Date."""
