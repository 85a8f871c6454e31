"""A type of contract for import-linter: these modules import what is listed, and nothing else.

import-linter's own `forbidden` needs each forbidden package by name, so that a new dependency slips through; an
allow-list doesn't. The standard library is always allowed here: which of its modules are not, tests/architecture says.
"""

from __future__ import annotations

import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


def _is_within(module: str, parents: set[str]) -> bool:
    return any(module == parent or module.startswith(f"{parent}.") for parent in parents)


class OnlyContract(Contract):
    """`importers` (with all below them, without `except_importers`) import `may_import` and the standard library.

    A module named outright has to exist; an expression with a wildcard may match nothing.
    """

    type_name = "only"

    # import-linter replaces the fields by what it read; its own contracts are untyped there, too.
    importers: Any = fields.SetField(subfield=fields.ModuleExpressionField())
    except_importers: Any = fields.SetField(subfield=fields.ModuleExpressionField(), required=False, default=[])
    may_import: Any = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        importers = module_expressions_to_modules(graph, self.importers, as_packages=True)
        excepted = {
            module.name
            for module in module_expressions_to_modules(graph, self.except_importers or (), as_packages=True)
        }
        allowed = set(self.may_import) | set(sys.stdlib_module_names)
        broken: list[str] = []
        for importer in sorted({module.name for module in importers} - excepted):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                output.verbose_print(verbose, f"{importer} -> {imported}")
                if not _is_within(imported, allowed):
                    details = graph.get_import_details(importer=importer, imported=imported)
                    lines = ", ".join(f"l.{detail['line_number']}" for detail in details)
                    broken.append(f"{importer} -> {imported} ({lines})")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for arrow in check.metadata["broken"]:
            output.print_error(arrow)
