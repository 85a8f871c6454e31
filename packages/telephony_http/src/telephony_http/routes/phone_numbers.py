"""Whom to dial: the numbers of a client and of an interest (N1)."""

from __future__ import annotations

from litestar import get

from telephony_core.party import Target, TargetKind
from telephony_http.bodies.phone_numbers import PhoneNumbersTold, phone_numbers_told
from telephony_http.openapi import NUMBERS, both, refusals
from telephony_http.provide import Finding, WhoAsks
from telephony_http.routes.arguments import ClientId, InterestId


@get(
    "/clients/{client_id:str}/phone-numbers",
    operation_id="findClientPhoneNumbers",
    summary="Phone numbers of a client",
    description=both(
        "All of them, each with its region, local time and whether it may be called now.",
        "Все номера клиента: регион, местное время и можно ли звонить сейчас.",
    ),
    tags=[NUMBERS.name],
    responses=refusals("client_not_found", "directory_unavailable"),
)
async def of_client(client_id: ClientId, principal: WhoAsks, find_numbers: Finding) -> PhoneNumbersTold:
    return phone_numbers_told(await find_numbers(principal, Target(TargetKind.CLIENT, client_id)), principal)


@get(
    "/interests/{interest_id:str}/phone-numbers",
    operation_id="findInterestPhoneNumbers",
    summary="Phone numbers of an interest",
    description=both(
        "Those of its contacts and of its client, each once, with whose they are.",
        "Номера контактов интереса и его клиента, каждый один раз, с указанием владельца.",
    ),
    tags=[NUMBERS.name],
    responses=refusals("interest_not_found", "directory_unavailable"),
)
async def of_interest(interest_id: InterestId, principal: WhoAsks, find_numbers: Finding) -> PhoneNumbersTold:
    return phone_numbers_told(await find_numbers(principal, Target(TargetKind.INTEREST, interest_id)), principal)
