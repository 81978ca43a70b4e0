"""The sandbox: `host` is trusted, `guest` runs beside untrusted code, `wire` is between them."""
