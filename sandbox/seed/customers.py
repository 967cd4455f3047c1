"""Customers as Gentrack shows them: residential ones are persons, businesses have a contact person."""

from typing import Any

from sandbox.seed.block import Block
from sandbox.seed.companies import registration_number
from sandbox.seed.keys import CUSTOMER_IDS, FIRST_ID
from sandbox.seed.links import links
from sandbox.seed.names import JOB_TITLES
from sandbox.seed.randomness import choices, moments, stream

Record = dict[str, Any]


def records(block: Block) -> list[Record]:
    """All customers of a block, by ascending id."""
    plan = block.plan
    size = plan.sizes.customers
    rng = stream(plan.seed, plan.block, "customers")
    updated = moments(rng, "2024-01-01", "2026-01-01", size)
    job_titles = choices(rng, JOB_TITLES, size)
    draws = rng.random(size).tolist()
    business = plan.business.tolist()
    start = plan.first.customers
    return [
        _business(block, position, start + position, job_titles[position], updated[position])
        if business[position]
        else _residential(
            block,
            position,
            start + position,
            job_titles[position] if draws[position] < 0.1 else None,
            updated[position],
        )
        for position in range(size)
    ]


def company_number(block: Block, customer: int) -> str:
    """The registration number of the business at a position of the block."""
    return registration_number(block.homes[customer]["country"], block.plan.first.customers + customer)


def _business(block: Block, position: int, index: int, job_title: str, updated: str) -> Record:
    identifier = CUSTOMER_IDS.at(index)
    return {
        "id": identifier,
        "number": block.numbers[position],
        "name": block.companies[position],
        "customerType": "Business",
        "state": "Active",
        "title": None,
        "forename": None,
        "surname": None,
        "companyName": block.companies[position],
        "companyNumber": company_number(block, position),
        "preferredName": None,
        "jobTitle": None,
        "primaryContact": _contact(block, position, index, job_title),
        "updatedDttm": updated,
        "links": links("customers", identifier, "accounts"),
    }


def _residential(block: Block, position: int, index: int, job_title: str | None, updated: str) -> Record:
    identifier = CUSTOMER_IDS.at(index)
    persons = block.people
    forename = persons.forename[position]
    return {
        "id": identifier,
        "number": block.numbers[position],
        "name": block.name(position),
        "customerType": "Residential",
        "state": "Active",
        "title": persons.title[position],
        "forename": forename,
        "surname": persons.surname[position],
        "companyName": None,
        "companyNumber": None,
        "preferredName": forename[:3] if index % 8 == 0 else None,
        "jobTitle": job_title,
        "primaryContact": _contact(block, position, index, job_title),
        "updatedDttm": updated,
        "links": links("customers", identifier, "accounts"),
    }


def _contact(block: Block, position: int, index: int, job_title: str | None) -> Record:
    persons = block.people
    return {
        "id": FIRST_ID + index,
        "title": persons.title[position],
        "forename": persons.forename[position],
        "surname": persons.surname[position],
        "jobTitle": job_title,
        "email": persons.email[position],
        "dateOfBirth": persons.born[position],
        "phoneNumber1": persons.phone[position],
        "phoneNumber2": persons.work_phone[position],
        "phoneNumber3": persons.mobile[position],
        "faxNumber": persons.fax[position],
        "address": block.homes[position],
    }
