"""Who asks for what, and why: the conceptual table of the design document, by operation, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen
class Purpose:
    """Whom an operation is for, and what they want of it; each in English and in Russian."""

    consumers: tuple[str, str]
    goal: tuple[str, str]

    def told(self) -> tuple[str, str]:
        """A line in each of the languages."""
        return (
            f"**For** {self.consumers[0]}, **to** {self.goal[0]}.",
            f"**Потребители**: {self.consumers[1]}. **Цель**: {self.goal[1]}.",
        )


_CRM = ("the CRM, the console", "CRM, консоль")
_KEEPERS = ("the CRM, an administrator", "CRM, администратор")
_ADMINISTRATOR = ("an administrator", "администратор")
_SUPERVISOR = ("a supervisor", "супервизор")
_BOTH = ("a supervisor, an administrator", "супервизор, администратор")
_OPERATOR = ("who runs the service", "эксплуатация")

_IN_STEP = Purpose(_KEEPERS, ("keep the directory in step", "вести справочник вслед за CRM"))
_CAROUSEL = Purpose(_BOTH, ("see and set the carousel", "видеть и настраивать карусель"))
_REFRESH = Purpose(_ADMINISTRATOR, ("refresh a pool", "обновить пул"))
_FOLLOW = Purpose(
    ("the CRM, the console, reports", "CRM, консоль, отчёты"),
    ("follow and find Calls", "следить за звонками, находить их"),
)

PURPOSES: Mapping[str, Purpose] = {
    "findClientPhoneNumbers": Purpose(
        ("the CRM's client card, the console", "карточка клиента в CRM, консоль"),
        ("know whom to dial", "знать, кому звонить"),
    ),
    "findInterestPhoneNumbers": Purpose(
        ("the CRM's interest card, the console", "карточка интереса в CRM, консоль"),
        ("know whom to dial about an interest", "знать, кому звонить по интересу"),
    ),
    "listDevices": Purpose(
        ("the CRM, the console, a mobile app", "CRM, консоль, мобильное приложение"),
        ("choose the device", "выбрать устройство"),
    ),
    "previewCallerId": Purpose(
        ("the CRM, the console, a supervisor", "CRM, консоль, супервизор"),
        ("see what the client will see before dialling", "увидеть заранее, что увидит клиент"),
    ),
    "placeCall": Purpose(
        ("the CRM's cards of client and interest, the console", "карточки клиента и интереса в CRM, консоль"),
        ("call a client or about an interest and keep the record", "позвонить и сохранить звонок"),
    ),
    "getCall": _FOLLOW,
    "listCalls": _FOLLOW,
    "hangUpCall": Purpose(_CRM, ("stop the ringing or the talk", "прекратить вызов или разговор")),
    "closeCall": Purpose(
        _CRM, ("say that the matter is done, or cancel a planned Call", "закончить дело или отменить план")
    ),
    "explainCall": Purpose(
        ("a supervisor, support", "супервизор, поддержка"),
        ("learn why this number was shown", "узнать, почему показан именно этот номер"),
    ),
    "followEvents": Purpose(_CRM, ("see states live", "видеть состояния вживую")),
    "lookUpCallback": Purpose(
        ("the inbound IVR, the console", "входящая линия, консоль"),
        ("connect a call-back with who called", "соединить перезвонившего с тем, кто звонил"),
    ),
    "listPools": _CAROUSEL,
    "getPool": _CAROUSEL,
    "putPool": _CAROUSEL,
    "scheduleGeneration": _REFRESH,
    "cancelGeneration": _REFRESH,
    "getConformance": Purpose(
        _SUPERVISOR,
        ("see whether the provider substitutes as agreed", "видеть, подставляет ли провайдер как условлено"),
    ),
    "quarantineNumber": Purpose(_SUPERVISOR, ("bench a number", "убрать номер из показа")),
    "bringNumberBack": Purpose(_SUPERVISOR, ("bring a number back", "вернуть номер в показ")),
    "declareNumber": Purpose(
        _SUPERVISOR, ("record that the operator was told", "записать, что оператор знает о номере")
    ),
    "putEmployee": _IN_STEP,
    "putDevice": _IN_STEP,
    "putClient": _IN_STEP,
    "putInterest": _IN_STEP,
    "receiveProviderReport": Purpose(
        ("Beeline's telephony, other providers", "телефония Билайн, другие провайдеры"),
        ("tell what happens to calls", "сообщать, что происходит со звонками"),
    ),
    "isAlive": Purpose(_OPERATOR, ("restart what hangs", "перезапустить то, что зависло")),
    "isReady": Purpose(_OPERATOR, ("send requests only where they are served", "слать запросы туда, где их обслужат")),
    "getMetrics": Purpose(_OPERATOR, ("watch the service", "наблюдать за сервисом")),
}
"""By operation id. Tests see that no operation is left out."""
