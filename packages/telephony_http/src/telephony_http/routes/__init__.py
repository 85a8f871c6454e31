"""The API's routes, a module for each thing that one asks for. A route reads, calls one use case, and tells."""
