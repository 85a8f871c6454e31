"""Examples in the API's document. The people and numbers are made up; tests read the bodies as the service would."""

from __future__ import annotations

from litestar.openapi.spec import Example

from telephony_http.openapi import NamedExample

_AT = "2026-11-23T09:15:02Z"

PLACE_CALL_EXAMPLES: list[Example] = [
    NamedExample(id="client", summary="A client", value={"target": {"kind": "client", "id": "C-17"}}),
    NamedExample(
        id="interest",
        summary="An interest, from the mobile, in the CRM's own task",
        value={
            "target": {"kind": "interest", "id": "I-204"},
            "phone_number": "+79139123456",
            "device_id": "D-10",
            "call": {"external_id": "task-77"},
        },
    ),
    NamedExample(
        id="planned",
        summary="A planned Call",
        value={
            "target": {"kind": "client", "id": "C-17"},
            "dial": False,
            "due_at": "2026-11-24T07:00:00Z",
            "note": "asked to be called on Tuesday",
        },
    ),
]

EVENTS = NamedExample(
    id="ringing",
    summary="The client's phone rings",
    value=(
        "retry: 1000\nid: 4711\n\n"
        "id: 4712\nevent: attempt_changed\n"
        'data: {"id":"01KAR2Y6H0G5S6ZD2M5J0Y3C51","name":"attempt_changed","at":"2026-11-23T09:15:09Z",'
        '"call_id":"01KAR2Y6H0G5S6ZD2M5J0Y3C4V","attempt_id":"01KAR2Y6H0G5S6ZD2M5J0Y3C4W","employee_id":"E-5",'
        '"client_id":"C-17","interest_id":"I-204","state":"ringing_client","outcome":null,'
        '"phone_number":"+7913*****56"}\n\n'
        ": nothing new\nid: 4715\n\n"
    ),
)

CALL = NamedExample(
    id="talking",
    summary="An attempt that talks",
    value={
        "id": "01KAR2Y6H0G5S6ZD2M5J0Y3C4V",
        "external_id": "task-77",
        "state": "in_progress",
        "target": {"kind": "interest", "id": "I-204"},
        "client_id": "C-17",
        "employee_id": "E-5",
        "created_at": _AT,
        "closed_at": None,
        "due_at": None,
        "note": None,
        "attempts": [
            {
                "id": "01KAR2Y6H1T8W1Q4N7P9X2B5DF",
                "state": "talking",
                "outcome": None,
                "provider": "beeline",
                "provider_reference": "a1b2c3",
                "device": {"id": "D-9", "kind": "ip_phone", "label": "Kabinet 3, 1017"},
                "phone_number": "+79139123456",
                "free_hand": False,
                "quiet_hours_overridden": False,
                "matched_by": "reference",
                "decision": {
                    "chosen_by": "provider",
                    "policy_version": "2026-11-01",
                    "decided_at": _AT,
                    "region": {"codes": ["RU-NVS"], "source": "numbering_plan"},
                    "pool_id": "siberia",
                    "generation_id": "siberia-3",
                    "candidates": ["+79031230007", "+79031230008"],
                    "requested": None,
                    "reported": "+79031230007",
                    "verdict": "conforms",
                    "steps": [{"rule": "C4", "saw": {"codes": ["RU-NVS"]}, "said": "pool siberia"}],
                },
                "legs": {
                    "employee": {
                        "state": "answered",
                        "requested_at": _AT,
                        "ringing_at": "2026-11-23T09:15:03Z",
                        "answered_at": "2026-11-23T09:15:06Z",
                        "released_at": None,
                        "cause": None,
                    },
                    "client": {
                        "state": "answered",
                        "requested_at": _AT,
                        "ringing_at": "2026-11-23T09:15:08Z",
                        "answered_at": "2026-11-23T09:15:14Z",
                        "released_at": None,
                        "cause": None,
                    },
                },
                "started_at": _AT,
                "ended_at": None,
                "talk_seconds": None,
                "record_url": None,
                "provider_code": None,
            }
        ],
    },
)
