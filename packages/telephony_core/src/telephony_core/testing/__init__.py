"""The kit of tests that comes with the core (extra `testing`): for who embeds it, adapts it, or changes its rules.

`examples`    valid values with overrides by keyword: `a_call()`, `an_attempt()`, `a_pool()`
`strategies`  Hypothesis strategies of the core's values: `carousels()`, `questions()`, `fact_sets()`
`fakes`       an implementation of every port that needs no account anywhere, with scripts and faults
`contracts`   what every implementation of a port must keep, and every policy, as classes to subclass

Nothing in the core imports it. Its names are public API and change as the core's do.
"""

import pytest

# A shipped contract says as much on failing as a test of the reader's own.
pytest.register_assert_rewrite("telephony_core.testing.contracts")
