"""The kit of tests that comes with the core: for who embeds it, adapts it, or changes its rules. Public API.

`examples`    valid values with overrides by keyword: `a_call()`, `an_attempt()`, `a_pool()`
`fakes`       an implementation of every port that needs no account anywhere, with scripts and faults; a clock to turn
`strategies`  Hypothesis strategies of the core's values: `carousels()`, `questions()`, `fact_sets()`
`contracts`   what every implementation of a port must keep, and every policy, as classes to subclass
`situations`  every small situation in which a rule of caller ID is decided, as questions to a policy
`stories`     how a broken rule is told

The first two need nothing but the core; the others need `telephony-core[testing]`, which brings pytest and Hypothesis.
Nothing in the core imports the kit. docs/embed/README.md leads through it, and says what its version promises.
"""

from importlib.util import find_spec

if find_spec("pytest") is not None:
    import pytest

    # A shipped contract says as much on failing as a test of the reader's own.
    pytest.register_assert_rewrite("telephony_core.testing.contracts")
