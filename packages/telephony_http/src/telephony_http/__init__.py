"""BMS Telephony over HTTP: the Litestar app and the command line."""
