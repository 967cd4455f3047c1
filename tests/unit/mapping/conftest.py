"""Properties are tried on few examples and without a clock: machines that test are busy."""

from hypothesis import settings

settings.register_profile("quick", max_examples=40, deadline=None, database=None)
settings.load_profile("quick")
