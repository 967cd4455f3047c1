"""What a mapping is and how it decides: pure functions over columns, no system in sight."""
