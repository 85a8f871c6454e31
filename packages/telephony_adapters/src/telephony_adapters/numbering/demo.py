"""A small numbering plan written by hand, for the demo and for tests of other parts. It is not the state's register.

Blocks of whole hundreds of thousands, of our own choosing, in the style of true mobile codes; the operators are made
up. They cover 50 and more subjects in the ten groups of regions that the demo's carousel has; some ranges serve two
subjects, one pair of them from two groups (Tyumen and Kurgan), and one serves the whole country.
"""

from __future__ import annotations

from telephony_adapters.numbering.plan import NumberingPlan, NumberingPlanHolder, RangeEntry
from telephony_core.region import normal_codes

DEMO_EDITION = "demo"

_CENTRE, _NORTH, _SOUTH, _EAST = "Демо-Связь Центр", "Демо-Связь Север", "Демо-Связь Юг", "Демо-Связь Восток"

# mobile code, first and last block of 100,000 numbers (0-99), operator, codes
_RANGES: tuple[tuple[int, int, int, str, str], ...] = (
    # Moscow: the usual range here serves two subjects
    (903, 10, 19, _CENTRE, "RU-MOW RU-MOS"),
    (903, 20, 24, _CENTRE, "RU-MOW RU-MOS"),
    (916, 0, 59, _CENTRE, "RU-MOW RU-MOS"),
    (925, 10, 19, _CENTRE, "RU-MOW"),
    (926, 30, 39, _CENTRE, "RU-MOS"),
    # Saint Petersburg and the North-West
    (911, 70, 79, _NORTH, "RU-SPE RU-LEN"),
    (921, 30, 39, _NORTH, "RU-SPE RU-LEN"),
    (921, 40, 40, _NORTH, "RU-LEN"),
    (921, 50, 52, _NORTH, "RU-ARK RU-NEN"),
    (911, 40, 43, _NORTH, "RU-KGD"),
    (911, 80, 83, _NORTH, "RU-MUR"),
    (921, 70, 72, _NORTH, "RU-KR"),
    (921, 81, 83, _NORTH, "RU-VLG"),
    (911, 60, 62, _NORTH, "RU-PSK"),
    # Centre
    (910, 0, 4, _CENTRE, "RU-YAR"),
    (910, 20, 24, _CENTRE, "RU-VOR"),
    (910, 30, 34, _CENTRE, "RU-BEL"),
    (910, 50, 54, _CENTRE, "RU-TUL"),
    (910, 60, 64, _CENTRE, "RU-RYA"),
    (910, 70, 74, _CENTRE, "RU-SMO"),
    (910, 90, 94, _CENTRE, "RU-KLU"),
    (915, 85, 89, _CENTRE, "RU-TAM"),
    # South
    (918, 0, 9, _SOUTH, "RU-KDA"),
    (918, 50, 59, _SOUTH, "RU-ROS"),
    (917, 10, 14, _SOUTH, "RU-AST"),
    (927, 50, 54, _SOUTH, "RU-VGG"),
    (918, 22, 22, _SOUTH, "RU-AD"),
    (978, 70, 74, _SOUTH, "UA-43 UA-40"),
    # Caucasus
    (928, 20, 29, _SOUTH, "RU-STA"),
    (928, 50, 54, _SOUTH, "RU-DA"),
    (928, 70, 71, _SOUTH, "RU-KB"),
    (928, 73, 74, _SOUTH, "RU-CE"),
    (928, 85, 86, _SOUTH, "RU-SE"),
    (928, 38, 38, _SOUTH, "RU-KC"),
    # Volga
    (917, 22, 29, _CENTRE, "RU-TA"),
    (917, 34, 39, _CENTRE, "RU-BA"),
    (927, 20, 24, _CENTRE, "RU-SAM"),
    (927, 10, 14, _CENTRE, "RU-SAR"),
    (927, 80, 82, _CENTRE, "RU-ULY"),
    (927, 36, 38, _CENTRE, "RU-PNZ"),
    (910, 38, 39, _CENTRE, "RU-NIZ"),
    (912, 74, 76, _CENTRE, "RU-UD"),
    (919, 60, 61, _CENTRE, "RU-CU"),
    (912, 78, 79, _CENTRE, "RU-PER"),
    # Urals
    (912, 20, 29, _EAST, "RU-SVE"),
    (912, 30, 34, _EAST, "RU-CHE"),
    (912, 83, 83, _EAST, "RU-KGN"),
    (912, 38, 39, _EAST, "RU-TYU"),
    (912, 90, 91, _EAST, "RU-KHM"),
    (912, 42, 43, _EAST, "RU-YAN"),
    # West Siberia
    (913, 90, 99, _EAST, "RU-NVS"),
    (913, 60, 64, _EAST, "RU-OMS"),
    (913, 80, 82, _EAST, "RU-TOM"),
    (913, 30, 32, _EAST, "RU-KEM"),
    (913, 20, 24, _EAST, "RU-ALT"),
    (913, 69, 69, _EAST, "RU-AL"),
    (913, 10, 19, _EAST, "RU-NVS"),
    # East Siberia
    (913, 50, 55, _EAST, "RU-KYA"),
    (914, 87, 89, _EAST, "RU-IRK"),
    (914, 63, 65, _EAST, "RU-BU"),
    (914, 44, 46, _EAST, "RU-ZAB"),
    (913, 44, 44, _EAST, "RU-KK"),
    (913, 34, 34, _EAST, "RU-TY"),
    # Far East
    (914, 70, 73, _EAST, "RU-PRI"),
    (914, 15, 19, _EAST, "RU-KHA"),
    (914, 22, 24, _EAST, "RU-SA"),
    (914, 55, 56, _EAST, "RU-AMU"),
    (914, 75, 76, _EAST, "RU-SAK"),
    (914, 78, 78, _EAST, "RU-KAM"),
    (914, 85, 85, _EAST, "RU-MAG"),
    (914, 81, 81, _EAST, "RU-YEV"),
    (914, 53, 53, _EAST, "RU-CHU"),
    # Two subjects that two pools serve, and a range of the whole country
    (904, 87, 88, _EAST, "RU-TYU RU-KGN"),
    (999, 0, 4, _CENTRE, "RU"),
)


def demo_plan() -> NumberingPlan:
    """The demo's plan, made anew at each call; its edition is `demo`."""
    return NumberingPlan(
        (
            RangeEntry(
                normal_codes(codes.split()),
                operator,
                int(f"7{code}{first:02d}00000"),
                int(f"7{code}{last:02d}99999"),
            )
            for code, first, last, operator, codes in _RANGES
        ),
        edition=DEMO_EDITION,
    )


def demo_resolver() -> NumberingPlanHolder:
    """A holder with the demo's plan in force."""
    return NumberingPlanHolder(demo_plan())
