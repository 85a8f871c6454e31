"""BMS Telephony's core: numbers, devices, the carousel, caller ID and calls, without I/O."""
