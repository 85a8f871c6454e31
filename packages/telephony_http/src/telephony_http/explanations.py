"""Why was this number shown? Sentences in Russian and English, made of a decision's steps when somebody reads it.

Takes plain data (a rule's number, what it saw, what it said) and nothing of the core, so that decisions of years ago
are told as well as today's. What a step says that these templates don't know is given in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LANGUAGES = ("ru", "en")

Saw = Mapping[str, Any]
_Teller = Callable[[Saw, str, str], str]

_POOL_SAID = re.compile(r"pool (?P<pool>\S+?)(?: by (?P<source>[a-z_]+))?(?:, also served by (?P<others>.+))?\Z")

_UNUSABLE = {
    "quarantined": {"ru": "на карантине", "en": "in quarantine"},
    "not_declared": {"ru": "не заявлены оператору", "en": "not declared to the operator"},
    "over_cap": {"ru": "исчерпали дневной предел показов", "en": "over their cap of shows"},
    "resting": {"ru": "отдыхают после показа", "en": "resting after a show"},
}

_VERDICTS = {
    "conforms": {
        "ru": "Клиент увидел номер, который и должен был увидеть.",
        "en": "The client saw a number that was meant to be shown.",
    },
    "conforms_ambiguous": {
        "ru": "Клиент увидел номер другого пула, который тоже обслуживает один из регионов номера.",
        "en": "The client saw a number of another pool, one that serves a region of the called number, too.",
    },
    "other_pool": {
        "ru": "Клиент увидел номер пула другого региона: провайдер подставил не тот пул.",
        "en": "The client saw a number of a pool for other regions: the provider substituted the wrong pool.",
    },
    "unknown_number": {
        "ru": "Клиент увидел номер, которого нет в карусели.",
        "en": "The client saw a number that is not in the carousel.",
    },
    "employee_number": {
        "ru": "Клиент увидел собственный номер сотрудника: подмена не сработала.",
        "en": "The client saw the employee's own number: the substitution failed.",
    },
    "other_number": {
        "ru": "Запрошен один номер, а клиент увидел другой.",
        "en": "One number was requested, and the client saw another.",
    },
    "not_reported": {
        "ru": "Провайдер не сообщил, какой номер увидел клиент.",
        "en": "The provider did not report which number the client saw.",
    },
}

_NOT_YET = {
    "ru": "Провайдер ещё не сообщил, какой номер увидел клиент.",
    "en": "The provider has not reported yet which number the client saw.",
}


def step_text(rule: str, saw: Saw, said: str, language: str) -> str:
    """One step as a sentence; its own words where no template fits."""
    teller = _TELLERS.get(rule)
    if teller is not None:
        try:
            return teller(saw, said, language)
        except (KeyError, TypeError, ValueError, IndexError):
            pass
    return f"{rule}: {said}"


def verdict_text(verdict: str | None, language: str) -> str:
    """What came of it."""
    return _VERDICTS.get(verdict, {}).get(language, verdict) if verdict is not None else _NOT_YET[language]


def choice_text(chosen_by: str, requested: str | None, candidates: int, pool_id: str | None, language: str) -> str:
    """The decision in one sentence."""
    russian = language == "ru"
    if requested is not None:
        if pool_id is None:
            return f"Показать номер SIM-карты {requested}." if russian else f"Show the SIM's number {requested}."
        if russian:
            return f"Показать {requested} из пула «{pool_id}»."
        return f"Show {requested} of the pool '{pool_id}'."
    if chosen_by == "provider" and russian:
        return f"Номер выбирает провайдер; ожидается один из {candidates} номеров пула «{pool_id}»."
    return f"The provider picks the number; one of the {candidates} numbers of the pool '{pool_id}' is expected."


def replay_text(same_version: bool, reproduced: bool, language: str) -> str:
    """Whether today's rules would decide the same."""
    if not same_version:
        told = {
            "ru": "Решение принято по прежней версии правил; показаны его собственные шаги.",
            "en": "The decision was made by an earlier version of the rules; its own steps are shown.",
        }
    elif reproduced:
        told = {
            "ru": "Нынешние правила при тех же данных решают так же.",
            "en": "Today's rules decide the same of the same data.",
        }
    else:
        told = {
            "ru": "Нынешние правила при тех же данных решили бы иначе.",
            "en": "Today's rules would decide otherwise of the same data.",
        }
    return told[language]


def _sim(saw: Saw, _said: str, language: str) -> str:
    if language == "ru":
        return f"Звонок с мобильного с корпоративной SIM и FMTN: клиент видит её номер {saw['sim']}."
    return f"The call is from a mobile with a corporate SIM and FMTN: the client sees its number {saw['sim']}."


def _region(saw: Saw, said: str, language: str) -> str:
    codes = ", ".join(saw["codes"]) or "RU"
    found = _POOL_SAID.match(said)
    if found is None:
        if language == "ru":
            return f"Регион номера: {codes}. Ни один пул его не обслуживает, пула по умолчанию нет."
        return f"The number's region: {codes}. No pool serves it, and there is no default pool."
    others = found["others"]
    if language == "ru":
        why = {
            None: "его обслуживает пул",
            "client": "по нему пула нет; по региону клиента подходит пул",
            "default": "отдельного пула для него нет; взят пул по умолчанию",
        }.get(found["source"], "подходит пул")
        also = f" Его обслуживают также: {others}." if others else ""
        return f"Регион номера: {codes}; {why} «{found['pool']}».{also}"
    why = {
        None: "it is served by the pool",
        "client": "no pool serves it; by the client's region it is the pool",
        "default": "no pool of its own serves it; the default pool is taken,",
    }.get(found["source"], "it is the pool")
    also = f" It is also served by: {others}." if others else ""
    return f"The number's region: {codes}; {why} '{found['pool']}'.{also}"


def _usable(saw: Saw, _said: str, language: str) -> str:
    pool, usable = saw["pool"], saw["usable"]
    against: Mapping[str, int] = saw.get("against", {})
    reasons = ", ".join(
        f"{count} {_UNUSABLE.get(reason, {}).get(language, reason)}" for reason, count in against.items()
    )
    if language == "ru":
        told = f"В пуле «{pool}» пригодных номеров: {usable}"
        return f"{told}; непригодных: {reasons}." if reasons else f"{told}."
    told = f"The pool '{pool}' has {usable} usable numbers"
    return f"{told}; not usable: {reasons}." if reasons else f"{told}."


def _sticky(saw: Saw, said: str, language: str) -> str:
    russian = language == "ru"
    if saw["index"] is None:
        if russian:
            return "Номер, который клиент видел в прошлом разговоре, сейчас непригоден."
        return "The number that the client saw in the earlier talk is not usable now."
    if not said.startswith("number "):
        if russian:
            return f"Прошлый разговор был {saw['age_days']} дн. назад, это больше предела в {saw['limit_days']} дн."
        return f"The earlier talk was {saw['age_days']} days ago, beyond the limit of {saw['limit_days']} days."
    if russian:
        return f"Клиент уже говорил с нами {saw['age_days']} дн. назад и увидит тот же номер."
    return f"The client talked to us {saw['age_days']} days ago and sees the same number again."


def _fair(saw: Saw, said: str, language: str) -> str:
    turns: Sequence[int] = saw["turns"]
    place = int(said.removeprefix("number ")) + 1
    if language == "ru":
        return f"По очереди: из {len(turns)} пригодных номеров дольше всех ждёт {place}-й."
    return f"In turn: of the {len(turns)} usable numbers the one that has waited longest is number {place}."


def _provider(saw: Saw, _said: str, language: str) -> str:
    if language == "ru":
        return f"Номер из {saw['numbers']} номеров пула «{saw['pool']}» подставляет сам провайдер."
    return f"The provider itself substitutes one of the {saw['numbers']} numbers of the pool '{saw['pool']}'."


_TELLERS: Mapping[str, _Teller] = {
    "C1": _sim,
    "C3": _usable,
    "C4": _region,
    "C5": _usable,
    "C6": _sticky,
    "C7": _fair,
    "C11": _provider,
}
