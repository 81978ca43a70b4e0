"""Pictures and networks: the fruit stalls, the species, the backbones, and own photos."""
