"""What the platform does for particular objects: what it fills, refuses and brings about."""
