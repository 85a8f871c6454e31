"""`python -m telephony_adapters.beeline_simulator --port N --token T`: see `main`."""

from __future__ import annotations

from telephony_adapters.beeline_simulator.command import main

if __name__ == "__main__":
    main()
