"""Providers of telephony: implementations of the core's `ProviderGateway`, a package or module for each."""
