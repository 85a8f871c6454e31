"""The demo's company: who is in it, and that its numbers mean what the demo promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from telephony_adapters.beeline_simulator.population import COMPANY
from telephony_adapters.demo.carousel import carousel_pools
from telephony_adapters.demo.customers import customers
from telephony_adapters.demo.staff import devices, employees, status_at_provider
from telephony_adapters.demo.written_numbers import as_typed
from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_core.carousel import Carousel
from telephony_core.device import DeviceKind, DeviceReason, ineligibility
from telephony_core.party import EnteredNumber
from telephony_core.phone import DestinationClass, PhoneNumber

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
PARSER = PhoneNumbers()


def all_numbers() -> list[EnteredNumber]:
    company = customers()
    of_clients = [number for client in company.clients for number in client.numbers]
    of_contacts = [number for each in company.interests for contact in each.contacts for number in contact.numbers]
    return of_clients + of_contacts


def test_the_carousel_is_in_order_and_serves_by_the_present_generation() -> None:
    """C0: ten pools of ten, each with the generation in force and the one before."""
    carousel = Carousel(carousel_pools(NOW))
    assert carousel.faults() == ()
    assert len(carousel.pools) == 10
    actives = [pool.active(NOW) for pool in carousel.pools]
    assert [generation.id for generation in actives if generation] == [f"{pool.id}-3" for pool in carousel.pools]
    assert all(generation and len(generation.numbers) == 10 for generation in actives)


def test_all_kinds_of_devices_are_there() -> None:
    reasons = Counter(
        (device.kind, reason)
        for device in devices()
        for reason in ineligibility(device, device.employee_id, NOW, status_at_provider(device, NOW)) or (None,)
    )
    assert reasons == {
        (DeviceKind.IP_PHONE, None): 15,
        (DeviceKind.IP_PHONE, DeviceReason.PHONE_OFFLINE): 1,
        (DeviceKind.IP_PHONE, DeviceReason.AGENT_AWAY): 1,
        (DeviceKind.MOBILE, None): 8,
        (DeviceKind.MOBILE, DeviceReason.NO_FMTN): 2,
        (DeviceKind.MOBILE, DeviceReason.SIM_RETURNED): 1,
        (DeviceKind.MOBILE, DeviceReason.NO_CORPORATE_SIM): 1,
    }
    owners = {device.employee_id for device in devices()}
    assert [each.id for each in employees() if each.id not in owners] == ["E-17"]


def test_ids_are_each_ones_own() -> None:
    company = customers()
    assert len({client.id for client in company.clients}) == len({client.name for client in company.clients}) == 200
    assert len({interest.id for interest in company.interests}) == 200
    assert {interest.client_id for interest in company.interests} <= {client.id for client in company.clients}
    ids = [number.id for number in all_numbers()]
    assert len(set(ids)) == len(ids)
    assert len({device.id for device in devices()}) == len(devices())


def test_the_same_seed_gives_the_same_company() -> None:
    assert customers() == customers()
    assert customers() != customers(seed=1)


def test_no_number_stands_at_two_places_but_the_one_that_is_meant_to() -> None:
    count = Counter(parsed.number for each in all_numbers() if (parsed := PARSER.parse(each.as_entered)).number)
    company = customers()
    twice = PARSER.parse(company.clients[6].numbers[0].as_entered).number
    assert {number: n for number, n in count.items() if n > 1} == {twice: 2}
    own = {PhoneNumber(line.number) for line in COMPANY.subscribers}
    own |= {PhoneNumber(number) for pool in COMPANY.pools for number in (*pool.numbers, *pool.retired)}
    assert not own & set(count)


def test_one_number_is_foreign_and_one_is_none() -> None:
    classes = Counter(PARSER.parse(each.as_entered).destination for each in all_numbers())
    assert classes[DestinationClass.FOREIGN] == 1
    assert [each.as_entered for each in all_numbers() if not PARSER.parse(each.as_entered).understood] == [
        "спросить у секретаря"
    ]
    assert classes[DestinationClass.RUSSIAN_GEOGRAPHIC] > 50


def test_the_numbers_resolve_over_all_pools() -> None:
    """C4: the region of each Russian number is known, and each pool has its share of them."""
    plan = demo_plan()
    served: Counter[str] = Counter()
    for each in all_numbers():
        parsed = PARSER.parse(each.as_entered)
        if parsed.number is not None and parsed.destination is not DestinationClass.FOREIGN:
            served[COMPANY.pool_for(plan.resolve(parsed.number)).id] += 1
    assert set(served) == {pool.id for pool in COMPANY.pools}
    assert min(served.values()) >= 30


def test_each_way_of_writing_means_the_same() -> None:
    for way in range(10):
        for extension in (None, "12"):
            parsed = PARSER.parse(as_typed("9139123456", way, extension))
            assert parsed.number == PhoneNumber("+79139123456")
            assert parsed.extension == extension
