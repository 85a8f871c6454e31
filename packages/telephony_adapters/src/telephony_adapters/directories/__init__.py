"""Directories: where clients, interests, employees and devices come from."""
