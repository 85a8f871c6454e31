"""100,000 clients from a CSV and from an XLSX into SQLite, twice each: seconds, and the most memory that was used.

Run by hand: `python tests/benchmarks/bench_directory_import.py [clients]`. Each import is a process of its own, so that
the memory is its own.
"""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

from telephony_adapters.imports.directory_files import import_directory
from telephony_adapters.imports.own_stock import OwnStock
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade

HEADER = ["ID", "Имя", "Телефоны", "Рабочий телефон", "Регион", "Ответственный", "Не звонить"]
REGIONS = ["Новосибирская область", "RU-MOW", "Республика Татарстан", "г. Санкт-Петербург", ""]


def rows(count: int) -> list[list[str]]:
    chance = random.Random(7)
    return [
        [
            f"C-{place}",
            f"Иванов Иван Иванович {place}",
            f"8 (9{chance.randrange(100):02}) {chance.randrange(1000):03}-{chance.randrange(100):02}-{place % 100:02}",
            f"+7 383 2{place % 1000000:06}" if place % 2 else "",
            chance.choice(REGIONS),
            f"E-{place % 50}",
            "да" if place % 97 == 0 else "",
        ]
        for place in range(count)
    ]


def write(folder: Path, count: int) -> None:
    table = [HEADER, *rows(count)]
    text = "\n".join(";".join(row) for row in table)
    (folder / "clients.csv").write_bytes(text.encode("cp1251"))
    workbook = xlsxwriter.Workbook(folder / "clients.xlsx", {"constant_memory": True})
    sheet = workbook.add_worksheet("Клиенты")
    for place, row in enumerate(table):
        sheet.write_row(place, 0, row)
    workbook.close()


async def take(path: Path, url: str) -> None:
    engine = open_store(url)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, (time.perf_counter(), time.process_time())
    outcome = await import_directory([path], OwnStock(engine))
    seconds, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await engine.dispose()
    counts = [f"{kind} +{each.added} ~{each.changed} ={each.unchanged}" for kind, each in outcome.counts.items()]
    memory = f"{after // 1024} MB at most ({before // 1024} before)"
    print(f"{path.name}: {seconds:.1f} s, {busy:.1f} s of the processor, {memory}, {counts}")  # noqa: T201


def main() -> None:
    if len(sys.argv) == 4:
        asyncio.run(take(Path(sys.argv[2]), sys.argv[3]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), count)
        for file in ("clients.csv", "clients.xlsx"):
            url = f"sqlite:///{name}/{file}.db"
            asyncio.run(upgrade(url))
            for _ in range(2):
                subprocess.run([sys.executable, __file__, "take", f"{name}/{file}", url], check=True)


if __name__ == "__main__":
    main()
