"""The examples of docs/embed are complete and run: each is under sixty lines, and does what its page says."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from tests.core.kit.rejecting import rejection

from telephony_adapters.store.migrations import upgrade
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_http.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "docs" / "embed"
KEY = {"Idempotency-Key": "press-1"}


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_embed_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _client(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://crm.invalid")


def _living(app: Any) -> AbstractAsyncContextManager[object]:
    lives: AbstractAsyncContextManager[object] = app.router.lifespan_context(app)
    return lives


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_has_less_than_sixty_lines(path: Path) -> None:
    """Whole: with what it imports and what it says about itself."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize(("name", "says"), [("own_policy", "mine: 10 were not shown"), ("background_job", "completed")])
def test_an_example_runs_as_a_file(name: str, says: str) -> None:
    """K3 and K7, with the real store: the job calls, the report comes, the Call is completed."""
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert says in ran.stdout


def test_an_authors_own_policy_keeps_the_contract() -> None:
    """C1, C2, C3, C4, C5, C6, C8, C9 and C11: it claims to be sticky, and not to be fair."""
    contract: type[CallerIdPolicyContract] = _load("own_policy").TestMyPolicy
    assert rejection(contract, quick=True) is None


async def test_a_fastapi_service_calls_once_per_key() -> None:
    """K4: the same key answers with the same Call; what the core refuses is told with its code."""
    example = _load("fastapi_service")
    async with _living(example.app), _client(example.app) as client:
        pressed = await client.post("/calls?client_id=C-17", headers=KEY)
        again = await client.post("/calls?client_id=C-17", headers=KEY)
        other = await client.post("/calls?client_id=C-99", headers={"Idempotency-Key": "press-2"})
    assert (pressed.status_code, pressed.json()["shown"]) == (201, "+79030000000")
    assert again.json() == pressed.json()
    assert len(example.provider.requests) == 1
    assert (other.status_code, other.json()["code"]) == (404, "client_not_found")


async def test_our_app_lives_inside_another_one(tmp_path: Path) -> None:
    """Its lifespan is run by the host's, its routes stand under the mount, and the host's own are the host's."""
    settings = Settings(database_url=f"sqlite:///{tmp_path}/telephony.db")
    await upgrade(settings.database_url)
    app = _load("mounted").crm(settings)
    async with _living(app), _client(app) as client:
        assert (await client.get("/")).text == "the CRM"
        assert (await client.get("/telephony/healthz")).status_code == 200
        calls = await client.get("/telephony/api/v1/calls")
        assert (calls.status_code, calls.json()["code"]) == (401, "not_authenticated")
        assert (await client.get("/telephony/schema/openapi.json")).json()["openapi"].startswith("3.")
        assert (await client.get("/api/v1/calls")).status_code == 404
