"""Bodies of requests and answers, and the explicit functions between them and the domain (law 11).

Structs of msgspec, whose fields stand in the order in which they are sent. A renaming in the domain must not show here.
"""
