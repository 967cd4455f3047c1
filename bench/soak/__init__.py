"""The soak: people work in both systems, things go wrong, the connector is killed, and nothing may be lost.

It knows the sandbox by its addresses alone, and judges by what both systems hold afterwards and by what the
people did; of the product it uses the mapping, never what decides.
"""
