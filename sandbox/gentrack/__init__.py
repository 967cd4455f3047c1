"""A Gentrack tenant (Junifer) behind Gentrack Cloud Integration Services, over a seeded data set.

Resources and shapes are those of ``docs/gentrack-contract.md``.
"""
