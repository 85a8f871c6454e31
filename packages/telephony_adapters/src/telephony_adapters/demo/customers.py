"""200 clients from all over Russia and 200 interests of theirs, with numbers typed as people type them.

`C-1`, `C-11`, `C-21`, … are of the first pool's regions, `C-2`, `C-12`, … of the second's, and so on round the ten.
Equal seeds give equal data; no number stands at two clients, and none of them is one of the company's own.

Meant to be stumbled over: `C-41`'s second number is foreign and `C-42`'s is no number; `C-43` doesn't want to be
called, nor does `C-44` at its only number, nor the contact of `I-50`; `C-45`'s number serves regions of two pools and
`C-46`'s all of Russia; the contact of `I-7` has the client's own number, typed differently.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random

from attrs import frozen

from telephony_adapters.beeline_simulator.population import COMPANY, Pool
from telephony_adapters.demo.written_numbers import as_typed
from telephony_adapters.numbering.area_codes import AREA_CODES
from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.plan import RangeEntry
from telephony_core.party import Client, Contact, EnteredNumber, Interest
from telephony_core.region import WHOLE_COUNTRY

SEED = 1017
CLIENTS = 200
INTERESTS = 200

# The carousel's own numbers stand in a block of the demo's plan; nobody else may have one of them.
_COMPANYS_OWN = 7903100

_FORMS = ("ООО", "АО", "Завод", "Торговый дом", "Группа")
_FIRST = tuple(
    "Северный Речной Таёжный Степной Полярный Янтарный Кедровый Лесной Озёрный Горный "
    "Ясный Медный Светлый Новый Тихий Восточный Снежный Липовый Морской Звёздный".split()
)
_SECOND = ("ветер", "берег", "край", "мост", "дом", "луч", "сад", "путь", "парус", "ключ")
_ROLES = ("Отдел закупок", "Главный инженер", "Приёмная", "Склад", "Бухгалтерия", "Начальник смены", "Сервисный отдел")
_OFFERS = (
    "Поставка кабеля",
    "Обслуживание лифтов",
    "Замена окон",
    "Аренда спецтехники",
    "Страхование грузов",
    "Подключение связи",
    "Учёт на складе",
    "Охрана объекта",
)


@frozen
class Customers:
    """The company's customers, as its CRM would hold them."""

    clients: tuple[Client, ...]
    interests: tuple[Interest, ...]


def customers(seed: int = SEED) -> Customers:
    """All clients and interests, made anew."""
    maker = _Maker(seed)
    clients = tuple(maker.client(n) for n in range(1, CLIENTS + 1))
    interests = tuple(maker.interest(n, clients[_client_of(n) - 1]) for n in range(1, INTERESTS + 1))
    return Customers(clients, interests)


def _client_of(n: int) -> int:
    """Most clients have an interest, some several, some none."""
    return n if n <= 150 else (n - 150) * 3


class _Maker:
    """Hands out numbers, each once. Lives while the data is made."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - reproducible, not secret
        self._ways = count()
        self._ids = count(1)
        self._used: set[int] = set()
        self._plan = demo_plan()

    def client(self, n: int) -> Client:
        pool = COMPANY.pools[(n - 1) % len(COMPANY.pools)]
        entry = self._range_for(n, pool)
        region = "" if entry.codes == (WHOLE_COUNTRY,) or n == 45 else self._random.choice(entry.codes)
        extension = "12" if n % 20 == 3 else None
        numbers = [self._entered(self._mobile(entry), "мобильный", extension, primary=True, do_not_call=n == 44)]
        if n == 41:
            # A number that the British regulator keeps for fiction.
            numbers.append(self._typed("+44 20 7946 0958", "офис в Лондоне"))
        elif n == 42:
            numbers.append(self._typed("спросить у секретаря", "рабочий"))
        elif n % 3 == 0 and (landline := self._landline(region, pool)):
            numbers.append(self._entered(landline, "рабочий", str(100 + n) if n % 2 else None))
        return Client(
            id=f"C-{n}",
            name=_organisation(n),
            numbers=tuple(numbers),
            region_codes=(region,) if region else (),
            do_not_call=n == 43,
            owner_id=_employee(n),
        )

    def interest(self, n: int, client: Client) -> Interest:
        pool = COMPANY.pools[(int(client.id.removeprefix("C-")) - 1) % len(COMPANY.pools)]
        contacts: tuple[Contact, ...] = ()
        if n == 7:
            mine = client.numbers[0].as_entered
            digits = "".join(sign for sign in mine if sign.isdigit())[-10:]
            contacts = (self._contact(n, self._typed(as_typed(digits, 7), "мобильный")),)
        elif n % 3:
            entry = self._random.choice(self._ranges_of(pool))
            contacts = (
                self._contact(n, self._entered(self._mobile(entry), "мобильный", primary=True, do_not_call=n == 50)),
            )
        return Interest(
            id=f"I-{n}",
            client_id=client.id,
            title=_OFFERS[n % len(_OFFERS)],
            contacts=contacts,
            owner_id=client.owner_id if n % 4 else _employee(n + 7),
        )

    def _contact(self, n: int, number: EnteredNumber) -> Contact:
        return Contact(f"P-{n}", _ROLES[n % len(_ROLES)], (number,))

    def _range_for(self, n: int, pool: Pool) -> RangeEntry:
        if n == 45:
            return next(each for each in self._plan if len(_pools_of(each)) > 1)
        if n == 46:
            return next(each for each in self._plan if each.codes == (WHOLE_COUNTRY,))
        ranges = self._ranges_of(pool)
        return ranges[(n - 1) // len(COMPANY.pools) % len(ranges)]

    def _ranges_of(self, pool: Pool) -> list[RangeEntry]:
        """The ranges that this pool alone serves."""
        return [each for each in self._plan if _pools_of(each) == [pool.id] and each.codes != (WHOLE_COUNTRY,)]

    def _mobile(self, entry: RangeEntry) -> str:
        return self._fresh(lambda: self._random.randint(entry.first, entry.last))

    def _landline(self, region: str, pool: Pool) -> str | None:
        """Within the client's region, or another of the same pool; a subscriber's number of 2 and six digits more."""
        areas = [area for area, codes in AREA_CODES.items() if codes == (region,)]
        areas = areas or [area for area, codes in AREA_CODES.items() if set(codes) <= set(pool.regions)]
        if not areas:
            return None
        area = self._random.choice(areas)
        return self._fresh(lambda: int(f"7{area}2{self._random.randint(0, 999_999):06}"))

    def _fresh(self, draw: Callable[[], int]) -> str:
        """A number that nobody has yet, as ten digits."""
        while (drawn := draw()) in self._used or drawn // 10_000 == _COMPANYS_OWN:
            pass
        self._used.add(drawn)
        return str(drawn)[1:]

    def _entered(
        self,
        national: str,
        label: str,
        extension: str | None = None,
        *,
        primary: bool = False,
        do_not_call: bool = False,
    ) -> EnteredNumber:
        text = as_typed(national, next(self._ways), extension)
        return EnteredNumber(f"N-{next(self._ids)}", text, label, primary=primary, do_not_call=do_not_call)

    def _typed(self, text: str, label: str) -> EnteredNumber:
        return EnteredNumber(f"N-{next(self._ids)}", text, label)


def _pools_of(entry: RangeEntry) -> list[str]:
    return [pool.id for pool in COMPANY.pools if set(pool.regions) & set(entry.codes)]


def _organisation(n: int) -> str:
    # 20 x 10 pairs: each client has one of its own.
    first, second = _FIRST[(n - 1) % len(_FIRST)], _SECOND[(n - 1) // len(_FIRST) % len(_SECOND)]
    return f"{_FORMS[n % len(_FORMS)]} «{first} {second}»"


def _employee(n: int) -> str:
    return COMPANY.employee_ids[(n - 1) % len(COMPANY.employee_ids)]
