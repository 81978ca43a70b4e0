"""The side of the sandbox that runs beside untrusted code."""
