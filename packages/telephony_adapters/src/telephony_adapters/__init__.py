"""BMS Telephony adapters: store, provider gateways, numbering, the Beeline simulator."""
