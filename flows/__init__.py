"""Order only: which stage follows which, what runs side by side, and what a failure means."""
