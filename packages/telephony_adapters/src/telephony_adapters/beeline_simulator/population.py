"""The default company's account at the provider: who its subscribers are, and the carousel that the provider holds.

Plain data, made once at import, equal in every process: the demo loader reads the same values and so describes the
same lines and pools. Nobody here is a real person; names are roles (`Оператор 01`).

How the numbers are made (all are ours, chosen so that they can be told apart at a glance and never collide):

| what | number | user id at the provider | extension |
|---|---|---|---|
| IP phone of `E-n` | `+7906 701 01 nn` | `90670101nn@ip.beeline.ru` | `1000 + n` |
| SIM of `E-n` | `+7903 702 02 nn` | `90370202nn`, only with FMTN | `2000 + n` |
| number of pool `pp` | `+7903 100 pp 01` to `pp 10` | - | - |
| retired number of pool `pp` | `+7903 100 pp 91` and `pp 92` | - | - |

Who has what: `E-1`..`E-8` an IP phone and a SIM with FMTN, `E-9`..`E-14` an IP phone, `E-15` and `E-16` a SIM without
FMTN (so the cloud PBX does not know it), `E-17` nothing, `E-18` an IP phone that is offline, `E-19` an IP phone whose
agent is on a break, `E-20` an IP phone.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

WHOLE_COUNTRY = "RU"


class LineKind(StrEnum):
    """What rings when the provider calls a subscriber."""

    IP_PHONE = "ip_phone"
    FMTN_MOBILE = "fmtn_mobile"


class AgentStatus(StrEnum):
    """A subscriber's readiness, in the provider's words."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    BREAK = "BREAK"


@frozen
class Subscriber:
    """A line of the cloud PBX. `phone` is its own number as ten digits, without the country's code."""

    user_id: str
    employee_id: str
    kind: LineKind
    phone: str
    extension: str
    first_name: str
    last_name: str
    department: str
    email: str
    agent_status: AgentStatus = AgentStatus.ONLINE

    @property
    def number(self) -> str:
        """The line's own number in E.164."""
        return f"+7{self.phone}"


@frozen
class Sim:
    """A corporate SIM card. Without FMTN it is no line of the cloud PBX, so no `Subscriber` stands for it."""

    employee_id: str
    number: str
    fmtn: bool


@frozen
class Pool:
    """A regional pool of the carousel: ten numbers (E.164) for a group of regions (ISO 3166-2).

    `retired` are numbers of its last generation: the provider gave them up, call-backs to them still come.
    Exactly one pool is the default; it also serves `RU`, the region of a number of which no more is known.
    """

    id: str
    title: str
    title_ru: str
    regions: tuple[str, ...]
    numbers: tuple[str, ...]
    retired: tuple[str, ...]
    default: bool = False


@frozen
class Company:
    """The account: `subscribers` and `sims` by employee, `pools` in the order in which they are asked."""

    id: str
    title: str
    employee_ids: tuple[str, ...]
    subscribers: tuple[Subscriber, ...]
    sims: tuple[Sim, ...]
    pools: tuple[Pool, ...]

    @property
    def default_pool(self) -> Pool:
        return next(pool for pool in self.pools if pool.default)

    def pool_for(self, codes: tuple[str, ...]) -> Pool:
        """The first pool that serves one of the codes, else the default. (No region has two pools: one that serves all
        of the codes is the only one that serves any.)
        """
        return next((pool for pool in self.pools if not set(codes).isdisjoint(pool.regions)), self.default_pool)

    def lines_of(self, employee_id: str) -> tuple[Subscriber, ...]:
        return tuple(line for line in self.subscribers if line.employee_id == employee_id)

    def sim_of(self, employee_id: str) -> Sim | None:
        return next((sim for sim in self.sims if sim.employee_id == employee_id), None)


# The six codes that begin with UA are those which ISO assigns to territories that the state's register lists.
_POOLS: tuple[tuple[str, str, str, str], ...] = (
    ("moscow", "Moscow", "Москва", "RU-MOW RU-MOS"),
    (
        "saint-petersburg",
        "Saint Petersburg and the north-west",
        "Санкт-Петербург и Северо-Запад",
        "RU-SPE RU-LEN RU-ARK RU-KR RU-KO RU-MUR RU-NEN RU-NGR RU-PSK RU-VLG RU-KGD",
    ),
    (
        "center",
        "Centre",
        "Центр",
        "RU RU-BEL RU-BRY RU-IVA RU-KLU RU-KOS RU-KRS RU-LIP RU-ORL RU-RYA RU-SMO RU-TAM RU-TUL RU-TVE RU-VLA RU-VOR "
        "RU-YAR",
    ),
    (
        "south",
        "South",
        "Юг",
        "RU-AD RU-KL RU-KDA RU-AST RU-VGG RU-ROS UA-43 UA-40 UA-14 UA-09 UA-23 UA-65",
    ),
    ("caucasus", "North Caucasus", "Северный Кавказ", "RU-DA RU-IN RU-KB RU-KC RU-SE RU-CE RU-STA"),
    (
        "volga",
        "Volga",
        "Поволжье",
        "RU-BA RU-ME RU-MO RU-TA RU-UD RU-CU RU-PER RU-KIR RU-NIZ RU-ORE RU-PNZ RU-SAM RU-SAR RU-ULY",
    ),
    ("urals", "Urals", "Урал", "RU-KGN RU-SVE RU-CHE"),
    ("siberia", "West Siberia", "Западная Сибирь", "RU-AL RU-ALT RU-KEM RU-NVS RU-OMS RU-TOM RU-TYU RU-KHM RU-YAN"),
    ("east-siberia", "East Siberia", "Восточная Сибирь", "RU-KYA RU-IRK RU-KK RU-TY RU-BU RU-ZAB"),
    (
        "far-east",
        "Far East",
        "Дальний Восток",
        "RU-SA RU-KAM RU-KHA RU-PRI RU-AMU RU-MAG RU-SAK RU-YEV RU-CHU",
    ),
)

_WITH_IP_PHONE = (*range(1, 15), 18, 19, 20)
_WITH_FMTN = range(1, 9)
_WITH_SIM_ONLY = (15, 16)
_AGENTS = {18: AgentStatus.OFFLINE, 19: AgentStatus.BREAK}


def _ip_phone(n: int) -> Subscriber:
    return Subscriber(
        user_id=f"90670101{n:02}@ip.beeline.ru",
        employee_id=f"E-{n}",
        kind=LineKind.IP_PHONE,
        phone=f"90670101{n:02}",
        extension=str(1000 + n),
        first_name=f"{n:02}",
        last_name="Оператор",
        department="Контакт-центр",
        email=f"operator{n:02}@company.example",
        agent_status=_AGENTS.get(n, AgentStatus.ONLINE),
    )


def _mobile(n: int) -> Subscriber:
    return Subscriber(
        user_id=f"90370202{n:02}",
        employee_id=f"E-{n}",
        kind=LineKind.FMTN_MOBILE,
        phone=f"90370202{n:02}",
        extension=str(2000 + n),
        first_name=f"{n:02} (мобильный)",
        last_name="Оператор",
        department="Контакт-центр",
        email=f"operator{n:02}@company.example",
    )


def _pool(position: int, pool_id: str, title: str, title_ru: str, regions: str) -> Pool:
    return Pool(
        id=pool_id,
        title=title,
        title_ru=title_ru,
        regions=tuple(regions.split()),
        numbers=tuple(f"+7903100{position:02}{n:02}" for n in range(1, 11)),
        retired=tuple(f"+7903100{position:02}{n}" for n in (91, 92)),
        default=pool_id == "center",
    )


COMPANY = Company(
    id="company-demo",
    title="BMS Telephony demo",
    employee_ids=tuple(f"E-{n}" for n in range(1, 21)),
    subscribers=(*(_ip_phone(n) for n in _WITH_IP_PHONE), *(_mobile(n) for n in _WITH_FMTN)),
    sims=tuple(Sim(f"E-{n}", f"+790370202{n:02}", fmtn=n in _WITH_FMTN) for n in (*_WITH_FMTN, *_WITH_SIM_ONLY)),
    pools=tuple(_pool(position, *pool) for position, pool in enumerate(_POOLS, start=1)),
)
