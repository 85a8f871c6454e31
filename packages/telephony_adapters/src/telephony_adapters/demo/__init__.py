"""An invented company to try the product with: its staff, clients, interests and carousel, equal on every machine.

The provider's side of it is `beeline_simulator.population`; here is the company's own. Only this package knows both.
Nobody in it is a real person. Its numbers look like real ones, so a service that holds this data calls a simulator and
nothing else.
"""
