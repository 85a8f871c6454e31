"""Breaches of C0 that an import would bring about, in both languages. Numbers here are the company's own."""

from __future__ import annotations

from collections.abc import Mapping

from telephony_adapters.imports.problems import Both, Code, Fault

CONFLICTS: Mapping[str, tuple[str, str]] = {
    # fault: in English, in Russian
    "pool_id_repeated": ("pool '{pool}' stands twice", "пул «{pool}» указан дважды"),
    "no_default_pool": (
        "provider '{about}' has no default pool; mark one of its pools",
        "у провайдера «{about}» нет пула по умолчанию; отметьте один из его пулов",
    ),
    "second_default_pool": (
        "pool '{pool}' is a second default beside '{about}'",
        "пул «{pool}» — второй пул по умолчанию рядом с «{about}»",
    ),
    "region_served_twice": (
        "pool '{pool}' serves {about}, too; leave the region to one of them",
        "пул «{pool}» тоже служит региону {about}; оставьте регион одному из них",
    ),
    "chain_repeats_a_pool": (
        "the chain of pool '{pool}' names a pool twice",
        "в цепочке пула «{pool}» один пул назван дважды",
    ),
    "chain_to_unknown_pool": (
        "the chain of pool '{pool}' names '{about}', which is no pool",
        "в цепочке пула «{pool}» назван «{about}», а такого пула нет",
    ),
    "chain_leaves_the_provider": (
        "the chain of pool '{pool}' leads to '{about}', which another provider carries",
        "цепочка пула «{pool}» ведёт к «{about}», а это пул другого провайдера",
    ),
    "chain_has_a_cycle": (
        "the chain of pool '{pool}' comes back to it",
        "цепочка пула «{pool}» возвращается к нему же",
    ),
    "number_active_twice": (
        "number {about} of pool '{pool}' is in force elsewhere at the same time",
        "номер {about} пула «{pool}» в то же время действует ещё где-то",
    ),
    "generations_at_one_instant": (
        "generation '{about}' of pool '{pool}' begins with another one",
        "поколение «{about}» пула «{pool}» начинается вместе с другим",
    ),
    "generation_id_repeated": (
        "two generations of pool '{pool}' have one id",
        "у двух поколений пула «{pool}» один идентификатор",
    ),
    "generation_size": (
        "generation {about} of pool '{pool}': 1 to 30 numbers are possible",
        "поколение {about} пула «{pool}»: номеров может быть от 1 до 30",
    ),
    "decision_too_large": (
        "a decision about pool '{pool}' could take {about} bytes, 1024 at the most; "
        "shorten its chain, its pools' ids, or generations",
        "решение о пуле «{pool}» могло бы занять {about} байт, а можно до 1024; "
        "сократите его цепочку, идентификаторы её пулов или поколения",
    ),
    "number_repeated": (
        "generation '{about}' of pool '{pool}' has a number twice",
        "в поколении «{about}» пула «{pool}» номер указан дважды",
    ),
    "history_deleted": (
        "generation '{about}' of pool '{pool}' began in the past and stays",
        "поколение «{about}» пула «{pool}» началось в прошлом и остаётся",
    ),
    "history_changed": (
        "generation '{about}' of pool '{pool}' began in the past; schedule another one",
        "поколение «{about}» пула «{pool}» началось в прошлом; назначьте другое",
    ),
    "generation_began": (
        "generation '{about}' of pool '{pool}' began in the past",
        "поколение «{about}» пула «{pool}» началось в прошлом",
    ),
}


def breach(fault: str, pool: str, about: str) -> Fault:
    """The breach as a fault, which says it in the reader's language."""
    english, russian = (sentence.format(pool=pool, about=about) for sentence in CONFLICTS[fault])
    return Fault("", Code.CAROUSEL_CONFLICT, {"what": Both(english, russian)})
