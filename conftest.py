"""Root of all tests: lets respx see httpx2.

`alias_httpx()` is for the whole process and comes before any import of httpx, respx or litestar; hence
`-p no:respx` in pyproject.toml and the plugin named here. Never in the shipped packages.
"""

import httpx2

httpx2.alias_httpx()

pytest_plugins = ["respx.plugin"]
